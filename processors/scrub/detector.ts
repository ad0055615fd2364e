import type { Finding } from "./finding.ts";
import { LOCALES } from "./locales/index.ts";
import { detectorOptions } from "./options.ts";
import type { DetectorOptions } from "./options.ts";
import { resolve } from "./resolve.ts";
import { Structured } from "./structured.ts";

/** Finds personal data and secrets in a text. Pure but for buffers that it uses again. */
export interface Detector {
  /** Disjoint, in order of their start. */
  find(text: string): readonly Finding[];
}

/** A detector by these options; the tables it needs are built here, once. */
export function detector(options: DetectorOptions = {}): Detector {
  const { types, locales, threshold } = detectorOptions.parse(options);
  const structured = new Structured(LOCALES.filter((locale) => locales.includes(locale.name)));
  const wanted = new Set(types);
  return {
    find: (text) => resolve(structured.find(text), threshold).filter((finding) => wanted.has(finding.type)),
  };
}
