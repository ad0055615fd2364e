import { allowed } from "./allow.ts";
import { denied } from "./deny.ts";
import { TYPES, type Finding } from "./finding.ts";
import { LOCALES } from "./locales/index.ts";
import { detectorOptions } from "./options.ts";
import type { DetectorOptions } from "./options.ts";
import { clearOfMarkers, hideMarkers } from "./marker.ts";
import { matching } from "./patterns.ts";
import { resolve } from "./resolve.ts";
import { Structured } from "./structured.ts";
import { tag } from "./tagger.ts";

/** Finds personal data and secrets in a text. Pure but for buffers that it uses again. */
export interface Detector {
  /** Disjoint, in order of their start. */
  find(text: string): readonly Finding[];
}

/**
 * A detector by these options; the tables that it needs are built here, once. Throws `ZodError` for options that are none, and `PatternError`
 * for a user's pattern that cannot be used.
 */
export function detector(options: DetectorOptions = {}): Detector {
  const { types, locales, allow, deny, patterns, names, threshold } = detectorOptions.parse(options);
  const structured = new Structured(locales === undefined ? LOCALES : LOCALES.filter(({ name }) => locales.includes(name)));
  const byDenyList = denied(deny);
  const byPattern = matching(patterns);
  const isAllowed = allowed(allow);
  const wanted = new Set(types ?? TYPES);

  return {
    find(text) {
      // A marker is no label of what follows; to the tagger it is the name or address that it stands for.
      const plain = hideMarkers(text);
      const certain = resolve([...structured.find(plain), ...byDenyList(plain), ...byPattern(plain)], threshold);
      return clearOfMarkers(text, tag(text, certain, names)).filter((finding) => wanted.has(finding.type) && !isAllowed(text, finding));
    },
  };
}
