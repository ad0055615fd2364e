import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { request } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { processorOptions } from "../processors/options.ts";
import { spangate } from "./command.ts";
import { assertConserved, counted } from "./conservation.ts";
import { eventually } from "./eventually.ts";
import { startGateway, type Gateway, type Row } from "./gateway.ts";

const module = (name: string): string => fileURLToPath(new URL(`modules/${name}.ts`, import.meta.url));
const page = readFileSync(new URL("../docs/processors.md", import.meta.url), "utf8");
const blocks = (language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, "gm"))].map(([, code = ""]) => code);

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "spangate-processors-"));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

async function chat(server: Gateway, content: string, model = "demo"): Promise<void> {
  const { statusCode, body } = await request(`${server.dataUrl}/demo/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-spangate-conversation": content },
    body: JSON.stringify({ model, messages: [{ role: "user", content }] }),
  });
  await body.text();
  expect(statusCode).toBe(200);
}

const calls = (server: Gateway): Promise<readonly Row[]> =>
  server.sql(
    "SELECT name, conversation_id, input_messages::VARCHAR AS asked, attrs::VARCHAR AS attrs FROM spans WHERE operation = 'chat' ORDER BY start_time",
  );

async function metrics(server: Gateway): Promise<string> {
  const token = (await spangate(["token", "create", `t${Math.random()}`, "--data", server.dataDir])).stdout.trim();
  const { body } = await request(`${server.controlUrl}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  return await body.text();
}

test("the list in the file is what spans go through; what is dropped is counted, and the sums meet", { timeout: 60_000 }, async () => {
  await using server = await startGateway({
    config: {
      demo: true,
      capture: "full",
      processors: [
        { use: "filter", drop: [{ attributes: { "gen_ai.conversation.id": { matches: "^unwanted" } } }] },
        { use: "module", path: module("upper_case"), name: "upper_case", options: { mark: "mine" } },
        { use: "attributes", rename: { "acme.mark": "acme.renamed" }, set: { "acme.set": 7 } },
      ],
    },
  });
  for (const content of ["first", "unwanted one", "unwanted two", "second"]) await chat(server, content);
  const rows = await eventually(
    () => calls(server),
    ({ length }) => length === 2,
  );
  expect(rows.map((row) => [row["name"], row["conversation_id"]])).toEqual([
    ["CHAT DEMO", "first"],
    ["CHAT DEMO", "second"],
  ]);
  expect(rows.map((row) => JSON.parse(String(row["attrs"])))).toEqual(
    Array(2).fill(expect.objectContaining({ "acme.renamed": "mine", "acme.set": 7 })),
  );
  expect(rows[0]?.["asked"]).toContain("first");
  expect(await assertConserved(server)).toMatchObject({ appended: 8, stored: 4, dropped: { by_filter: 4 }, backlog: 0 });
  const text = await metrics(server);
  expect(text).toContain('spangate_spans_dropped_total{reason="filter"} 4\n');
  expect(text).not.toContain("spangate_records_dropped_total{");
});

test("a module that fails loses nothing but content, and everyone who should know does", { timeout: 60_000 }, async () => {
  const path = join(home, "fragile.mjs");
  writeFileSync(
    path,
    `export default () => ({ process(spans) {
    if (spans.some(({ name }) => name === "chat throw")) throw new Error("bad: " + JSON.stringify(spans[1].attributes));
    if (spans.some(({ name }) => name === "chat spin")) for (;;);
    console.log("saw " + spans.length);
    return spans;
  } });`,
  );
  const processors = [{ use: "module", path, name: "fragile", time_limit_ms: 500 }];
  await using server = await startGateway({ config: { demo: true, capture: "full", processors } });
  for (const model of ["good", "throw", "spin", "fine"]) {
    const before = (await calls(server)).length;
    await chat(server, `words for ${model}`, model);
    await eventually(
      () => calls(server),
      ({ length }) => length > before,
    );
  }
  const rows = await calls(server);
  expect(rows.map((row) => [row["name"], row["asked"] !== null])).toEqual([
    ["chat good", true],
    ["chat throw", false],
    ["chat spin", false],
    ["chat fine", true],
  ]);
  expect(await assertConserved(server)).toMatchObject({ appended: 8, stored: 8, dead_lettered: 0, dropped: {} });
  expect(await metrics(server)).toContain('spangate_processor_failures_total{processor="fragile"} 2\n');
  const { stdout } = await spangate(["doctor", "--data", server.dataDir]);
  expect(stdout).toMatch(/processor failures +2 \(fragile 2\)/);
  expect(stdout).toContain("docs/processors.md");
  expect(page).toContain("## When a processor fails");
  const logged = server.stderr();
  expect(logged).toMatch(/"level":40.*"processor":"fragile","reason":"it threw Error at fragile\.mjs:2:\d+","times":1.*without content/);
  expect(logged).toMatch(/"processor":"fragile","line":"saw 2"/);
  expect(logged).not.toContain("words for");
});

test("a module that has gone missing keeps neither the pipeline nor a call from going on", { timeout: 60_000 }, async () => {
  const path = join(home, "missing.mjs");
  writeFileSync(path, "export default () => ({ process: (spans) => spans });");
  await using server = await startGateway({ config: { demo: true, capture: "full", processors: [{ use: "module", path }] } });
  await chat(server, "before");
  await eventually(
    () => calls(server),
    ({ length }) => length === 1,
  );
  rmSync(path);
  process.kill(server.pids.pipeline, "SIGKILL");
  await chat(server, "after");
  const rows = await eventually(
    () => calls(server).catch(() => []),
    ({ length }) => length === 2,
    20_000,
  );
  expect(rows.map((row) => [row["conversation_id"], row["asked"] !== null])).toEqual([
    ["before", true],
    ["after", false],
  ]);
});

test("a changed list is in force after a reload, and a module that changed too", { timeout: 60_000 }, async () => {
  const path = join(home, "changing.ts");
  const marking = (mark: string): string =>
    `export default () => ({ process: (spans: any[]) => spans.map((span) => ({ ...span, name: "${mark} " + span.name })) });`;
  const file = join(home, "reload.yaml");
  const configure = (processors: readonly object[]): void =>
    writeFileSync(file, JSON.stringify({ demo: true, capture: "full", processors }));
  writeFileSync(path, marking("one"));
  configure([]);
  await using server = await startGateway({ args: ["--config", file] });
  let asked = 0;
  const nameOfNext = async (): Promise<unknown> => {
    await chat(server, `call ${++asked}`);
    const rows = await eventually(
      () => calls(server),
      ({ length }) => length === asked,
    );
    return rows.at(-1)?.["name"];
  };
  const read = (): number => server.stderr().split("other processors from now on").length;
  const reloaded = async (change: () => void): Promise<void> => {
    const times = read();
    change();
    await eventually(read, (now) => now > times);
  };
  expect(await nameOfNext()).toBe("chat demo");
  await reloaded(() => configure([{ use: "module", path }]));
  expect(await nameOfNext()).toBe("one chat demo");
  await reloaded(() => {
    writeFileSync(path, marking("two"));
    process.kill(server.pid, "SIGHUP");
  });
  expect(await nameOfNext()).toBe("two chat demo");

  writeFileSync(path, "export default (");
  process.kill(server.pid, "SIGHUP");
  await eventually(
    () => server.stderr(),
    (text) => text.includes("the one before stays in force"),
  );
  expect(server.stderr()).toContain("changing.ts");
  expect(await nameOfNext()).toBe("two chat demo");
  expect((await counted(server)).dropped).toEqual({});
});

test("a module that cannot be loaded is said by the check and at the start, with its place and what to do", async () => {
  const file = join(home, "broken.yaml");
  writeFileSync(join(home, "broken.ts"), 'throw new Error("no mark is set");');
  writeFileSync(
    file,
    `processors:\n  - use: module\n    path: ${join(home, "broken.ts")}\n  - use: module\n    path: ${join(home, "nowhere.ts")}\n`,
  );
  for (const { code, stdout, stderr } of [
    await spangate(["check", "--config", file]),
    await spangate(["serve", "--config", file, "--data", join(home, "unused")]),
  ]) {
    expect(code).toBe(2);
    const said = stdout + stderr;
    expect(said).toContain(`${file}:3:5: processors[0].path: `);
    expect(said).toMatch(/broken\.ts: it cannot be loaded: no mark is set\n +Mend the module/);
    expect(said).toMatch(/processors\[1\]\.path: .*nowhere\.ts: it cannot be loaded: Cannot find module/);
  }
});

test("the example of docs/processors.md does what the page says", { timeout: 60_000 }, async () => {
  const example = blocks("ts").find((code) => code.startsWith("// redact.ts")) ?? expect.unreachable();
  const settings = blocks("yaml").find((code) => code.startsWith("# spangate.yaml")) ?? expect.unreachable();
  writeFileSync(join(home, "redact.ts"), example);
  const config = parse(settings.replace("./redact.ts", join(home, "redact.ts"))) as object;
  await using server = await startGateway({ config: { ...config, demo: true } });
  await chat(server, "I am Ada Lovelace");
  const [row] = await eventually(
    () => calls(server),
    ({ length }) => length === 1,
  );
  expect(row?.["asked"]).toContain("I am [NAME]");
});

test("the other examples of the page are settings that there are", () => {
  const [list = "", conditions = ""] = blocks("yaml");
  const { processors } = parse(list) as { processors: unknown[] };
  expect(processors.map((each) => processorOptions.parse(each).use)).toEqual(["filter", "attributes", "sample"]);
  expect(processorOptions.parse({ use: "filter", drop: parse(conditions) })).toMatchObject({ drop: [{ outcome: ["error", "refused"] }] });
  const named = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, use = ""]) => use);
  expect(new Set(named)).toEqual(new Set(["use", ...processorOptions.options.map(({ shape }) => shape.use.value)]));
});
