import type { Finding } from "./finding.ts";
import { findNamesWith, RESERVE, shippedModel } from "./names/find_names.ts";
import type { Model } from "./names/model.ts";
import { markerShape } from "./names/tokens.ts";

/** How eagerly names are looked for. */
export type NameMode = "off" | "precision" | "balanced" | "recall";

/**
 * What was found before, disjoint and in order, and with it names of people and addresses. What was found is left alone, and names beside it
 * see that something stood there; but of an address its form tells a part only, so the whole is looked for first.
 */
export function tag(text: string, structured: readonly Finding[], mode: NameMode, model: Model = shippedModel()): readonly Finding[] {
  if (mode === "off") return structured;
  const addresses = structured.filter(isAddress);
  const named = names(text, addresses.length === 0 ? structured : structured.filter((each) => !isAddress(each)), mode, model);
  const found = named.length === 0 ? structured : joined([...structured, ...named].toSorted(byStart));
  if (addresses.every((address) => named.some((each) => each.start <= address.start && address.end <= each.end))) return found;
  // What only its form told was not seen by what stands beside it.
  const beside = names(text, found, mode, model);
  return beside.length === 0 ? found : [...found, ...beside].toSorted(byStart);
}

const isAddress = ({ type }: Finding): boolean => type === "ADDRESS";
const byStart = (one: Finding, other: Finding): number => one.start - other.start;

function names(text: string, known: readonly Finding[], mode: Exclude<NameMode, "off">, model: Model): readonly Finding[] {
  const named: Finding[] = [];
  const skip = Int32Array.from(known.flatMap(({ start, end, type }) => [start, end, markerShape(type)]));
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
