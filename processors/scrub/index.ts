// What others import as `spangate/scrub`; docs/privacy.md shows how.
export { detect } from "./detect.ts";
export { detector, type Detector } from "./detector.ts";
export type { Finding, PiiType } from "./finding.ts";
export { scrubText, type ScrubbedText } from "./scrub_text.ts";
