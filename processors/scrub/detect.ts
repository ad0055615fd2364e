import { detector } from "./detector.ts";
import type { Finding } from "./finding.ts";

const standard = detector();

/** What the detector finds with its defaults: disjoint, in order of their start. */
export function detect(text: string): Finding[] {
  return [...standard.find(text)];
}
