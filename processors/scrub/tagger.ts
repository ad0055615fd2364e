import type { Finding } from "./finding.ts";
import { findNamesWith, RESERVE, shippedModel } from "./names/find_names.ts";
import type { Model } from "./names/model.ts";

/** How eagerly names are looked for. */
export type NameMode = "off" | "precision" | "balanced" | "recall";

/**
 * What was found before, disjoint and in order, and with it names of people and addresses. What was found is left alone, and names beside it
 * see that something stood there; but of an address its form tells a part only, so the whole is looked for all the same.
 */
export function tag(text: string, structured: readonly Finding[], mode: NameMode, model: Model = shippedModel()): readonly Finding[] {
  if (mode === "off") return structured;
  let found = structured;
  for (let look = 0; look < MOST_LOOKS; look++) {
    const parts = look === 0 && found.some(isAddress);
    const named = names(text, parts ? found.filter((each) => !isAddress(each)) : found, mode, model);
    if (named.length > 0) found = joined([...found, ...named].toSorted((one, other) => one.start - other.start));
    if (!parts && (look === 0 || named.length === 0)) break;
  }
  return found;
}

/** An address that was found whole is context for what stands beside it, so the rest is looked at again. */
const MOST_LOOKS = 4;

const isAddress = ({ type }: Finding): boolean => type === "ADDRESS";

function names(text: string, known: readonly Finding[], mode: Exclude<NameMode, "off">, model: Model): readonly Finding[] {
  const named: Finding[] = [];
  const skip = Int32Array.from(known.flatMap(({ start, end }) => [start, end]));
  findNamesWith(model, text, skip, (start, end, type) => named.push({ start, end, type }), RESERVE[mode]);
  return named;
}

/** Two that overlap are one address: nothing but addresses can. */
function joined(findings: readonly Finding[]): readonly Finding[] {
  const disjoint: Finding[] = [];
  for (const finding of findings) {
    const last = disjoint.at(-1);
    if (last === undefined || finding.start >= last.end) disjoint.push(finding);
    else disjoint[disjoint.length - 1] = { start: last.start, end: Math.max(last.end, finding.end), type: "ADDRESS" };
  }
  return disjoint;
}
