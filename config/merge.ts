import type { Assignment } from "./environment.ts";
import type { Path } from "./keys.ts";
import type { RawConfig } from "./parse.ts";

/** The input with the assignments made, later ones over earlier ones. Leaves the one it was given as it was. */
export function merge(input: RawConfig, assignments: readonly Assignment[]): RawConfig {
  return assignments.reduce((merged, { path, value }) => assign(merged, path, value) as RawConfig, input);
}

function assign(target: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value;
  const before = new Map<string, unknown>(typeof target === "object" && target !== null ? Object.entries(target) : []);
  const after = new Map(before).set(String(key), assign(before.get(String(key)), rest, value));
  if (typeof key !== "number") return Object.fromEntries(after);
  return Array.from({ length: Math.max(before.size, key + 1) }, (_, index) => after.get(String(index)));
}
