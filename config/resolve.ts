import { readFileSync } from "node:fs";
import type { Path } from "./keys.ts";
import type { Problem } from "./problem.ts";
import { Secret, SecretReference } from "./secret.ts";
import type { Resolved } from "./secret.ts";

/** The named environment; an argument everywhere, so that a test owns it. */
export type Environment = { readonly [name: string]: string | undefined };

/** Longest credential; what is longer is most likely the wrong file. */
const LONGEST = 16 * 1024;

/** Replaces every reference within by its secret. One that cannot be read becomes a problem, and the result must not be used. */
export function resolve<T>(value: T, env: Environment): { readonly value: Resolved<T>; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const visit = (each: unknown, path: Path): unknown => {
    if (each instanceof SecretReference) {
      const found = read(each, env);
      if (found instanceof Secret) return found;
      problems.push({ path, ...found });
      return undefined;
    }
    if (Array.isArray(each)) return each.map((element, index) => visit(element, [...path, index]));
    if (typeof each !== "object" || each === null) return each;
    return Object.fromEntries(Object.entries(each).map(([key, inner]) => [key, visit(inner, [...path, key])]));
  };
  return { value: visit(value, []) as Resolved<T>, problems };
}

function read({ source, name }: SecretReference, env: Environment): Secret | { readonly message: string; readonly fix: string } {
  const what = source === "env" ? `environment variable ${name}` : `file ${name}`;
  let text: string | undefined;
  try {
    text = source === "env" ? env[name] : readFileSync(name, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    return { message: `cannot read ${what}: ${codeOf(error)}`, fix: "Create it, readable by the user Spangate runs as, or name another." };
  }
  if (text === undefined) return { message: `${what} is not set`, fix: "Set it where Spangate starts, or name another." };
  if (text === "") return { message: `${what} is empty`, fix: "Put the credential into it, or name another." };
  // A credential travels in a header, and a line break there would be the start of the next one.
  if (text.length > LONGEST || !/^[\x21-\x7e]+$/.test(text)) {
    return { message: `${what} does not hold a credential`, fix: "It must be one line of visible ASCII characters without spaces." };
  }
  return new Secret(text);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
