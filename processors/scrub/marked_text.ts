import type { Finding } from "./finding.ts";
import { TYPES } from "./finding.ts";

/** A text and what is to be found in it, from one with its findings marked: `call ⟦PHONE:020 7946 0958⟧ now`. */
export function unmarked(marked: string): { readonly text: string; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  let text = "";
  let copied = 0;
  for (const match of marked.matchAll(/⟦([A-Z_]+):([^⟧]*)⟧/g)) {
    const [whole, name, value = ""] = match;
    const type = TYPES.find((each) => each === name);
    if (type === undefined) throw new Error(`no such type: ${name}`);
    text += marked.slice(copied, match.index);
    findings.push({ start: text.length, end: text.length + value.length, type });
    text += value;
    copied = match.index + whole.length;
  }
  return { text: text + marked.slice(copied), findings };
}

/** The other way round. */
export function marked(text: string, findings: readonly Finding[]): string {
  let result = "";
  let copied = 0;
  for (const { start, end, type } of findings) {
    result += `${text.slice(copied, start)}⟦${type}:${text.slice(start, end)}⟧`;
    copied = end;
  }
  return result + text.slice(copied);
}
