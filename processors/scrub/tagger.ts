import type { Finding } from "./finding.ts";
import { findNamesWith, RESERVE, shippedModel } from "./names/find_names.ts";
import type { Model } from "./names/model.ts";

/** How eagerly names are looked for. */
export type NameMode = "off" | "precision" | "balanced" | "recall";

/**
 * Names of people, and addresses whose form alone does not tell them. `structured` is what was found before, disjoint and in order: it is
 * left alone, and names beside it see that something stood there.
 */
export function tag(text: string, structured: readonly Finding[], mode: NameMode, model: Model = shippedModel()): readonly Finding[] {
  const named: Finding[] = [];
  if (mode === "off") return named;
  const skip = new Int32Array(structured.length * 2);
  structured.forEach(({ start, end }, at) => skip.set([start, end], at * 2));
  findNamesWith(model, text, skip, (start, end, type) => named.push({ start, end, type }), RESERVE[mode]);
  return named;
}
