import { readFileSync } from "node:fs";
import { isNode, isPair, LineCounter, parseDocument } from "yaml";
import type { Document } from "yaml";
import type { Path } from "./keys.ts";
import type { RawConfig } from "./parse.ts";
import type { Problem } from "./problem.ts";

/** A configuration file as it was read. */
export interface ConfigFile {
  readonly input: RawConfig;
  readonly problems: readonly Problem[];
  /** `spangate.yaml:3:9`: where a setting stands, or the nearest thing around it. */
  locate(path: Path): string;
}

const EMPTY: RawConfig = {};

export function readConfigFile(file: string): ConfigFile {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    const problem = {
      path: [],
      where: file,
      message: `cannot read the file: ${reason}`,
      fix: "Create it, or name another with --config or SPANGATE_CONFIG.",
    };
    return { input: EMPTY, problems: [problem], locate: () => file };
  }
  return parseConfigFile(file, text);
}

export function parseConfigFile(file: string, text: string): ConfigFile {
  const lines = new LineCounter();
  // Pretty errors quote the line, and a line may hold a credential that somebody is about to be told to move.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const locate = (path: Path): string => at(offsetOf(document, path));
  const broken = (where: string, message: string): ConfigFile => ({
    input: EMPTY,
    problems: [{ path: [], where, message, fix: "Correct the YAML there; nothing after it could be read." }],
    locate,
  });

  const [error] = document.errors;
  if (error) return broken(at(error.pos[0]), error.message);
  let input: unknown;
  try {
    // A key with nothing behind it, as when all below is commented out, is a key that is not there.
    input = document.toJS({ reviver: (_, value: unknown) => value ?? undefined }) ?? EMPTY;
  } catch (cause) {
    return broken(file, cause instanceof Error ? cause.message : String(cause));
  }
  if (typeof input !== "object" || Array.isArray(input)) return broken(at(0), "is not a mapping of settings");
  return { input: input as RawConfig, problems: [], locate };
}

function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const parent: unknown = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    const items: readonly unknown[] = typeof parent === "object" && parent !== null && "items" in parent ? (parent.items as unknown[]) : [];
    const found = typeof key === "number" ? items[key] : items.find((item) => isPair(item) && String(item.key) === key);
    const node = isPair(found) ? found.key : found;
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}
