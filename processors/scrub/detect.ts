import { detector } from "./detector.ts";
import type { Detector } from "./detector.ts";
import type { Finding } from "./finding.ts";

let standard: Detector | undefined;

/** What a detector finds with its defaults: disjoint, in order of their start. */
export function detect(text: string): Finding[] {
  standard ??= detector(); // its tables take a moment to build
  return [...standard.find(text)];
}
