import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import type { Span } from "../genai/span.ts";
import { module, moduleOptions, tryModule } from "./module.ts";
import { aSpan } from "./processor_contract.ts";
import type { Processor } from "./processor.ts";

const folder = mkdtempSync(join(tmpdir(), "spangate-module-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function written(code: string, extension = "ts"): string {
  const file = join(folder, `m${files++}.${extension}`);
  writeFileSync(file, code);
  return file;
}

function open(options: object, printed: string[] = []): Processor & AsyncDisposable {
  const made = module(moduleOptions.parse({ use: "module", ...options }), { onPrinted: (name, line) => printed.push(`${name}: ${line}`) });
  return { ...made, [Symbol.asyncDispose]: async () => made[Symbol.asyncDispose]?.() };
}
const misbehaving = (options: object = {}) =>
  open({ path: fileURLToPath(new URL("../testing/modules/misbehaving.ts", import.meta.url)), ...options });
const failure = async (processor: Processor, spans: readonly Span[]): Promise<string> => {
  try {
    await processor.process(spans);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};

const misdeeds = [
  { does: "throw", says: /^it threw TypeError at misbehaving\.ts:\d+:\d+$/ },
  { does: "throw a text", says: /^it threw something that is no error$/ },
  { does: "reject", says: /^it threw Error at misbehaving\.ts:\d+:\d+$/ },
  { does: "spin", says: /^it took longer than 500 ms$/ },
  { does: "wait for ever", says: /^it took longer than 500 ms$/ },
  { does: "exit", says: /^it ended itself with 3$/ },
  { does: "throw later", says: /^it threw RangeError at misbehaving\.ts:\d+:\d+$/ },
  { does: "hoard", says: /^it took more than 32 MiB$/, time_limit_ms: 20_000 },
  { does: "hoard buffers", says: /^it took more than 32 MiB$/, time_limit_ms: 20_000 },
  { does: "hoard in one piece", says: /^it took more than 256 MiB$/, time_limit_ms: 20_000, memory_mb: 256 },
  { does: "post words of its own", says: /^it posted a message of its own/ },
  { does: "return nothing", says: /no list of spans/ },
  { does: "return a text", says: /no list of spans/ },
  { does: "return rubbish", says: /no span/ },
  { does: "return one twice", says: /was not given/ },
  { does: "invent one", says: /was not given/ },
  { does: "move to another tenant", says: /was not given/ },
  { does: "move to another trace", says: /was not given/ },
  { does: "change the time", says: /was not given/ },
  { does: "raise the tier", says: /raised the tier/ },
  { does: "invent a tier", says: /raised the tier/ },
  { does: "invent an outcome", says: /outcome that there is not/ },
  { does: "give a number for a name", says: /name, status or outcome/ },
  { does: "return a function", says: /no plain value/ },
  { does: "return a date", says: /no plain value/ },
  { does: "return a circle", says: /no plain value/ },
  { does: "change in place", says: /^it threw TypeError at/ },
];
for (const { does, says, time_limit_ms = 500, memory_mb = 32 } of misdeeds) {
  test(
    `a module that would ${does} fails its batch, says nothing of what it was given, and takes the next one`,
    { timeout: 30_000 },
    async () => {
      await using processor = misbehaving({ time_limit_ms: 2000, memory_mb: 32 });
      await processor.process([aSpan()]); // it is loaded
      await using limited = misbehaving({ time_limit_ms, memory_mb });
      await limited.process([aSpan()]);
      const said = await failure(limited, [aSpan({ name: does, capture: "scrubbed" })]);
      expect(said).toMatch(says);
      expect(said).not.toContain("Ada");
      const good = [aSpan({ name: "good" })];
      expect(await processor.process(good)).toEqual(good);
      expect(await limited.process(good)).toEqual(good);
    },
  );
}

test("what a module changes comes back whole, what it leaves out is gone, and the rest is the very same span", async () => {
  const path = written(`export default ({ add }) => ({
    process: async (spans) => spans.filter(({ name }) => name !== "drop").map((span) =>
      span.name === "keep" ? span : { ...span, name: "changed", outcome: undefined, capture: "metadata", tokens: { inUncached: 1 }, attributes: { ...span.attributes, add, gone: undefined, big: 2n ** 70n } }),
  });`);
  await using processor = open({ path, options: { add: ["x", { y: 1 }] } });
  const odd = JSON.parse('{"__proto__": "own", "gone": 1}') as Span["attributes"];
  const spans = [
    aSpan({ spanId: "1", name: "keep" }),
    aSpan({ spanId: "2", name: "drop" }),
    aSpan({ spanId: "3", name: "other", attributes: odd }),
  ];
  const returned = await processor.process(spans);
  expect(returned[0]).toBe(spans[0]);
  const { outcome: _, ...rest } = spans[2] ?? expect.unreachable();
  const attributes = Object.fromEntries([
    ["__proto__", "own"],
    ["add", ["x", { y: 1 }]],
    ["big", 2n ** 70n],
  ]);
  expect(returned.slice(1)).toEqual([{ ...rest, name: "changed", capture: "metadata", attributes }]);
  expect(Object.hasOwn(returned[1]?.attributes ?? {}, "__proto__")).toBe(true);
});

test("a module has no environment, no arguments, and prints to the log alone, a few short lines", async () => {
  const path = written(`export default () => ({ process(spans) {
    console.log(JSON.stringify([process.env, process.argv.slice(2), process.execArgv]));
    console.error("y".repeat(10_000));
    for (let i = 0; i < 1000; i++) console.log("line " + i);
    return spans;
  } });`);
  const printed: string[] = [];
  await using processor = open({ path, name: "loud" }, printed);
  await processor.process([aSpan()]);
  await expect.poll(() => printed.some((line) => line.includes("left out"))).toBe(true);
  expect(printed).toContain("loud: [{},[],[]]");
  expect(printed.filter((line) => line.startsWith("loud: line "))).toHaveLength(19); // the first line was another
  expect(Math.max(...printed.map(({ length }) => length))).toBeLessThan(220);
});

const unusable = [
  { title: "that is not there", path: join(folder, "nowhere.ts"), says: /Cannot find module/ },
  { title: "with a mistake in it", path: written("export default (", "js"), says: /Unexpected|Expression/ },
  {
    title: "that imports what is not there",
    path: written('import "no-such-package-anywhere"; export default () => ({});'),
    says: /no-such-package-anywhere/,
  },
  { title: "that throws at once", path: written('throw new Error("not configured");'), says: /not configured/ },
  { title: "without a default export", path: written("export const process = 1;"), says: /no function as its default export/ },
  { title: "whose function throws", path: written('export default () => { throw new Error("needs a mark"); };'), says: /needs a mark/ },
  { title: "whose function returns no processor", path: written("export default () => ({});"), says: /no method process\(spans\)/ },
  { title: "that never comes to its end", path: written("for (;;); export default 1;"), says: /longer than 1000 ms/ },
];
for (const { title, path, says } of unusable) {
  test(`a module ${title} is known before it is needed, and fails each batch`, async () => {
    const options = moduleOptions.parse({ use: "module", path, time_limit_ms: 1000 });
    await expect(tryModule(options)).rejects.toThrow(says);
    await using processor = open(options);
    expect(await failure(processor, [aSpan()])).not.toBe("");
    expect(await failure(processor, [aSpan()])).not.toBe("");
  });
}

test("a module that is fine is tried without a word", async () => {
  const path = written("export default () => ({ process: (spans) => spans });", "mjs");
  expect(await tryModule(moduleOptions.parse({ use: "module", path }))).toBe(undefined);
});

test("one that is lost again and again is left alone for a while, and costs no time meanwhile", async () => {
  await using processor = misbehaving({ time_limit_ms: 300 });
  await processor.process([aSpan()]);
  const hang = [aSpan({ name: "spin" })];
  const said: string[] = [];
  while (said.length < 3) said.push(await failure(processor, hang));
  expect(said.at(-1)).toMatch(/longer than/);
  const begun = performance.now();
  for (let i = 0; i < 50; i++) expect(await failure(processor, hang)).toMatch(/left alone/);
  expect(performance.now() - begun).toBeLessThan(300);
  await expect.poll(() => failure(processor, [aSpan()]), { timeout: 5000 }).toBe("");
});

test("batches that are given at once are taken one after the other", async () => {
  const path = written(`let running = 0;
    export default () => ({ async process(spans) {
      if (++running > 1) throw new Error("two at once");
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
      return spans;
    } });`);
  await using processor = open({ path });
  const batches = Array.from({ length: 10 }, (_, i) => [aSpan({ name: `${i}` })]);
  expect(await Promise.all(batches.map(async (batch) => await processor.process(batch)))).toEqual(batches);
});

test("a module written in plain JavaScript does, and one in another language does not", () => {
  const check = (path: string): boolean => moduleOptions.safeParse({ use: "module", path }).success;
  expect(["a.js", "a.mjs", "./a/b.ts", "/a.mts"].map(check)).toEqual([true, true, true, true]);
  expect(["a.py", "a", "a.json", "a.cjs"].map(check)).toEqual([false, false, false, false]);
});
