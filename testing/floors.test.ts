import { expect, test } from "vitest";
import { importsOf, sources } from "./imports.ts";
import type { Source } from "./imports.ts";

/** From top to bottom. A folder imports folders of lower floors and itself, never one beside it. */
const FLOORS = [
  ["cli", "instrumentation", "dashboard"],
  ["config"],
  ["gateway", "receivers", "pipeline", "analytics"],
  ["processors", "exporters", "storage"],
  ["journal"],
  ["genai"],
];

/** Stand beside the floors: they may use any but `cli`. */
const BESIDE = ["demo", "testing", "bench"];

/** Stand alone: what they share with the rest is a protocol. */
const ALONE = ["instrumentation", "dashboard"];

const isTest = (file: string): boolean => file.endsWith(".test.ts");
const folderOf = (file: string): string => (file.includes("/") ? file.slice(0, file.indexOf("/")) : "");
const floorOf = (folder: string): number => FLOORS.findIndex((floor) => floor.includes(folder));

/** Why one file may not import another; undefined when it may. */
function objection(from: string, to: string): string | undefined {
  const [source, target] = [folderOf(from), folderOf(to)];
  if (source === target || to === "config/secret.ts") return undefined;
  if (target === "cli") return from === "start.mjs" || isTest(from) ? undefined : "nothing imports cli";
  if (ALONE.includes(target)) return `${target} stands alone`;
  if (isTest(from)) return undefined;
  if (target === "testing") return BESIDE.includes(source) ? undefined : "only tests import testing";
  if (target === "bench") return "nothing imports bench";
  if (target === "demo") return source === "cli" || source === "testing" || source === "bench" ? undefined : "only cli imports demo";
  if (target === "config" && source !== "cli") return BESIDE.includes(source) ? undefined : "only cli imports config";
  if (ALONE.includes(source)) return `${source} stands alone`;
  if (source === "" || BESIDE.includes(source) || floorOf(source) === -1) return undefined;
  return floorOf(target) > floorOf(source)
    ? undefined
    : `${source} stands ${floorOf(target) === floorOf(source) ? "beside" : "below"} ${target}`;
}

/** The environment is read in one place; processes are started in another, which passes it on whole. */
function readsEnvironment({ file, text }: Source): boolean {
  if (isTest(file) || file === "start.mjs" || ["config", "testing", "bench"].includes(folderOf(file))) return false;
  const code = text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, "");
  return folderOf(file) === "cli" ? /process\.env\s*(\.|\?\.|\[)/.test(code) : code.includes("process.env");
}

function objections(all: readonly Source[]): readonly string[] {
  return all.flatMap((source) => [
    ...importsOf(source).flatMap((to) => objection(source.file, to)?.replace(/^/, `${source.file} imports ${to}: `) ?? []),
    ...(readsEnvironment(source) ? [`${source.file}: only config reads process.env`] : []),
  ]);
}

test("imports go down the floors, and only config reads the environment", () => {
  const all = sources();
  expect(all.flatMap(importsOf).length).toBeGreaterThan(50);
  expect(objections(all)).toEqual([]);
});

test("every folder with code has a floor or stands beside them", () => {
  const known = new Set(["", ...FLOORS.flat(), ...BESIDE]);
  expect(
    sources()
      .map(({ file }) => folderOf(file))
      .filter((folder) => !known.has(folder)),
  ).toEqual([]);
});

test("config/secret.ts, which anyone may import, imports nothing", () => {
  const [secret] = sources().filter(({ file }) => file === "config/secret.ts");
  expect(secret?.text).toContain("class Secret");
  expect(secret?.text).not.toMatch(/^import|import\(/m);
});

const forbidden = [
  { title: "up a floor", file: "genai/a.ts", text: 'import { b } from "../journal/b.ts";', reason: "genai stands below journal" },
  {
    title: "a type up a floor",
    file: "journal/a.ts",
    text: 'import type { B } from "../storage/b.ts";',
    reason: "journal stands below storage",
  },
  { title: "sideways", file: "gateway/a.ts", text: 'export { b } from "../pipeline/b.ts";', reason: "gateway stands beside pipeline" },
  {
    title: "over several lines",
    file: "storage/a.ts",
    text: 'import {\n  b,\n  c,\n} from "../exporters/b.ts";',
    reason: "storage stands beside exporters",
  },
  { title: "for its effect", file: "genai/a.ts", text: 'import "../journal/b.ts";', reason: "genai stands below journal" },
  {
    title: "when called",
    file: "gateway/a.ts",
    text: 'const b = await import("../analytics/b.ts");',
    reason: "gateway stands beside analytics",
  },
  {
    title: "in another thread",
    file: "pipeline/a.ts",
    text: 'new Worker(new URL("../gateway/b.ts", import.meta.url));',
    reason: "pipeline stands beside gateway",
  },
  {
    title: "the configuration",
    file: "gateway/a.ts",
    text: 'import type { B } from "../config/load.ts";',
    reason: "only cli imports config",
  },
  { title: "the demo", file: "gateway/a.ts", text: 'import { b } from "../demo/b.ts";', reason: "only cli imports demo" },
  { title: "what tests share", file: "cli/a.ts", text: 'import { b } from "../testing/b.ts";', reason: "only tests import testing" },
  { title: "a command", file: "demo/a.ts", text: 'import { b } from "../cli/b.ts";', reason: "nothing imports cli" },
];
for (const { title, file, text, reason } of forbidden) {
  test(`objects to importing ${title}`, () => {
    expect(objections([{ file, text }])).toEqual([expect.stringContaining(reason)]);
  });
}

const environment = [
  { title: "a variable read in gateway", file: "gateway/a.ts", text: "const home = process.env.HOME;", objects: true },
  { title: "a variable read in cli", file: "cli/a.ts", text: 'const home = process.env["HOME"];', objects: true },
  { title: "the environment passed on by cli", file: "cli/a.ts", text: "loadConfig({ env: process.env });", objects: false },
  { title: "a variable read in config", file: "config/a.ts", text: 'process.env["HOME"]', objects: false },
  { title: "a comment", file: "gateway/a.ts", text: "  // never reads process.env", objects: false },
];
for (const { title, file, text, objects } of environment) {
  test(`${objects ? "objects to" : "allows"} ${title}`, () => {
    expect(objections([{ file, text }])).toHaveLength(objects ? 1 : 0);
  });
}

const allowed = [
  { title: "down the floors", file: "cli/a.ts", text: 'import { b } from "../config/b.ts";\nimport { c } from "../genai/c.ts";' },
  { title: "the secret from anywhere", file: "journal/a.ts", text: 'import { Secret } from "../config/secret.ts";' },
  { title: "within a folder", file: "gateway/a.ts", text: 'import { b } from "./b.ts";' },
  { title: "anything in a test", file: "genai/a.test.ts", text: 'import { b } from "../testing/b.ts";\nimport { c } from "../demo/c.ts";' },
  { title: "packages", file: "genai/a.ts", text: 'import { z } from "zod";' },
];
for (const { title, file, text } of allowed) {
  test(`allows importing ${title}`, () => {
    expect(objections([{ file, text }])).toEqual([]);
  });
}
