import { detector, type Detector } from "./detector.ts";
import { TYPES, type PiiType } from "./finding.ts";
import { ofDetector, type ScrubOptions } from "./options.ts";

/**
 * What says itself what it is, wherever it stands. The other types live by labels and by how words look, and names of models are full of both:
 * `deepseek-ai/DeepSeek-V3` reads like somebody called Ai, and `@cf/…a4b` like an Italian tax number.
 */
const CERTAIN: ReadonlySet<PiiType> = new Set([
  "EMAIL",
  "PHONE",
  "CREDIT_CARD",
  "IBAN",
  "SSN",
  "IP_ADDRESS",
  "MAC_ADDRESS",
  "CRYPTO_ADDRESS",
  "PASSWORD",
  "SECRET",
  "PRIVATE_KEY",
]);

const LONGEST = 256;

/** Whether a text looks like the name of a model: a word of letters, digits and the signs between them. */
export function looksLikeModel(text: string): boolean {
  return text.length <= LONGEST && /^[\w.:/@+-]+$/.test(text);
}

/** A detector for names of models, which prices and sums go by. What the operator listed or described is found in them too. */
export function modelDetector(options: ScrubOptions): Detector {
  const listed = new Set([...options.deny, ...options.patterns].map(({ type }) => type));
  const types = (options.types ?? TYPES).filter((type) => CERTAIN.has(type) || listed.has(type));
  return types.length === 0 ? { find: () => [] } : detector({ ...ofDetector(options), types, names: "off" });
}
