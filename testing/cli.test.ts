import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { request } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { spangate, type Run } from "./command.ts";
import { eventually } from "./eventually.ts";
import { startGateway, type Gateway, type Row } from "./gateway.ts";

const rows = z.array(z.record(z.string(), z.unknown()));

let home: string;
let gateway: Gateway;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "spangate-cli-"));
  gateway = await startGateway({ config: { demo: true, capture: "full" } });
  for (const conversation of ["first", "second"]) await chat(conversation);
  await chat("evil", EVIL);
}, 40_000);
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

/** Clears the screen, in the long form and in the short one of eight bits, and turns the text around. */
const EVIL = "\u001b[2J\u009b2J\u202egpt";
const UNSAFE = ["\u001b", "\u009b", "\u202e"];

/** Asks the server of these tests. */
const ask = (...args: readonly string[]): Promise<Run> => spangate([...args, "--data", gateway.dataDir]);

async function chat(conversation: string, model = "demo", server = gateway): Promise<number> {
  const { statusCode, body } = await request(`${server.dataUrl}/demo/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-spangate-conversation": conversation },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }] }),
  });
  await body.text();
  return statusCode;
}

describe("spans", () => {
  test("are listed newest first, one line each", async () => {
    const { code, stdout } = await ask("spans");
    const [head, , ...lines] = stdout.trimEnd().split("\n");
    expect([code, lines.length, head]).toEqual([0, 3, expect.stringMatching(/^start_time +name +outcome/)]);
    expect(lines[1]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}  chat demo .* ok +completed +200 +[\d.]+ ms .* second /);
  });

  test("are given as JSON, column names as keys, as many as asked for, HTTP spans only when asked", async () => {
    const list = async (...args: readonly string[]) => rows.parse(JSON.parse((await ask("spans", "--json", ...args)).stdout));
    const models = await list();
    expect(models.map((row) => row["conversation_id"])).toEqual(["evil", "second", "first"]);
    expect(models[1]).toMatchObject({ tenant: "default", kind: "client", operation: "chat", outcome: "ok", ending: "completed" });
    expect(models[1]).toMatchObject({ tokens_in_uncached: expect.any(Number), cost_usd: null, output_messages: [{ role: "assistant" }] });
    expect(await list("--last", "1")).toEqual(models.slice(0, 1));
    expect((await list("--all", "--last", "4")).map((row) => row["kind"])).toEqual(["client", "server", "client", "server"]);
  });

  for (const last of ["0", "10001", "many"]) {
    test(`are refused with --last=${last}`, async () => {
      expect(await ask("spans", `--last=${last}`)).toMatchObject({ code: 2, stderr: expect.stringContaining("--last") });
    });
  }

  test("never repaint the terminal", async () => {
    const [evil] = rows.parse(JSON.parse((await ask("spans", "--json", "--last", "1")).stdout));
    expect(evil).toMatchObject({ model_requested: EVIL, name: `chat ${EVIL}` });
    const id = String(evil?.["exchange_id"]);
    const runs = await Promise.all([
      ask("spans"),
      ask("spans", "--json"),
      ask("span", id),
      ask("trace", id),
      ask("span", EVIL),
      ask("token", "revoke", EVIL),
      ask("sql", "SELECT model_requested, name FROM spans"),
      ask("sql", "SELECT model_requested::INTEGER FROM spans WHERE conversation_id = 'evil'"),
      ask("sql", "SELECT model_requested, name FROM spans", "--json"),
    ]);
    for (const { stdout, stderr } of runs) {
      expect(UNSAFE.filter((each) => `${stdout}${stderr}`.includes(each))).toEqual([]);
    }
    expect(runs.filter(({ stdout, stderr }) => `${stdout}${stderr}`.includes("\\u001b[2J\\u009b2J\\u202e"))).toHaveLength(9);
  });
});

describe("span and trace", () => {
  const newest = async (): Promise<Row> => rows.parse(JSON.parse((await ask("spans", "--json", "--last", "2")).stdout))[1] ?? {};

  test("a span is shown in full, by each of its ids", async () => {
    const { span_id, exchange_id, response_id } = await newest();
    const one = await ask("span", String(span_id));
    expect(one.code).toBe(0);
    expect(one.stdout).toMatch(new RegExp(`^span_id +${String(span_id)}$`, "m"));
    expect(one.stdout).not.toContain("cost_usd"); // unknown
    expect((await ask("span", String(response_id))).stdout).toBe(one.stdout);
    expect(rows.parse(JSON.parse((await ask("span", String(exchange_id), "--json")).stdout)).map(({ kind }) => kind)).toEqual([
      "server",
      "client",
    ]);
  });

  test("a trace is a tree", async () => {
    const { trace_id, span_id, parent_span_id } = await newest();
    const { code, stdout } = await ask("trace", String(trace_id));
    expect(code).toBe(0);
    const [root, child, ...others] = stdout.trimEnd().split("\n");
    expect(root).toMatch(new RegExp(`^POST /demo/v1/chat/completions  server  ok  [\\d.]+ ms  ${String(parent_span_id)}$`));
    expect(child).toMatch(new RegExp(`^  chat demo  client  ok  [\\d.]+ ms  ${String(span_id)}$`));
    expect(others).toEqual([]);
  });

  test("an unknown id is said to be unknown", async () => {
    for (const command of ["span", "trace"]) {
      expect(await ask(command, "nothing")).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("has the id nothing") });
    }
  });
});

describe("sql", () => {
  const statement =
    "SELECT conversation_id AS c, count(*) AS n, 0.1::DECIMAL(18,9) AS d, NULL AS nothing FROM spans WHERE operation = 'chat' GROUP BY ALL ORDER BY ALL";

  test("gives a table", async () => {
    const { code, stdout } = await ask("sql", statement);
    expect([code, stdout]).toEqual([
      0,
      [
        "c       n            d  nothing",
        "──────  ─  ───────────  ───────",
        ...["evil  ", "first ", "second"].map((name) => `${name}  1  0.100000000`),
        "",
      ].join("\n"),
    ]);
  });

  test("gives JSON, decimals and big integers as text", async () => {
    const { stdout } = await ask("sql", statement, "--json");
    expect(JSON.parse(stdout)).toEqual(["evil", "first", "second"].map((c) => ({ c, n: "1", d: "0.100000000", nothing: null })));
  });

  test("gives CSV in which no text is a formula", async () => {
    const values = `VALUES ('=1+1', 'a,b'), (' @x', 'say "hi"'), ('-5', E'two\\nlines'), (NULL, '')`;
    const { stdout } = await ask("sql", `SELECT * FROM (${values}) AS t(a, b)`, "--csv");
    expect(stdout).toBe(`a,b\r\n'=1+1,"a,b"\r\n' @x,"say ""hi"""\r\n-5,"two\nlines"\r\n,\r\n`);
  });

  test("says when there is more", async () => {
    const { code, stdout, stderr } = await ask("sql", "SELECT range FROM range(10001)", "--csv");
    expect([code, stdout.split("\r\n").length, stderr]).toEqual([0, 10_002, expect.stringContaining("first 10000 rows")]);
  });

  for (const { title, sql, says } of [
    { title: "a mistake", sql: "SELEC 1", says: "syntax error" },
    { title: "a change", sql: "DROP VIEW spans", says: "must be a SELECT" },
    { title: "a file of the machine", sql: "SELECT * FROM read_text('/etc/hostname')", says: "Permission Error" },
  ]) {
    test(`refuses ${title}`, async () => {
      expect(await ask("sql", sql)).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining(says) });
    });
  }

  test("whose reader has seen enough ends without a word", async () => {
    const statement = "SELECT range, repeat('x', 1000) FROM range(5000)";
    const child = spawn(process.execPath, ["start.mjs", "sql", statement, "--json", "--data", gateway.dataDir], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.stdout.once("data", () => child.stdout.destroy());
    expect(await once(child, "close")).toEqual([0, null]);
    expect(stderr).toBe("");
  });

  test("that kills the engine hurts nobody", async () => {
    const deep = "SELECT json_structure(repeat('[', 200000) || repeat(']', 200000))";
    expect(await ask("sql", deep)).toMatchObject({ code: 1 });
    expect((await request(`${gateway.controlUrl}/readyz`)).statusCode).toBe(200);
    expect(JSON.parse(readFileSync(join(gateway.dataDir, "run", "serve.json"), "utf8"))).toMatchObject({ pids: gateway.pids });
  });
});

describe("doctor", () => {
  const KEYS = [
    "begun",
    "completed",
    "cut",
    "abandoned",
    "incomplete",
    "rejected",
    "appended",
    "stored",
    "dead_lettered",
    "dropped",
    "backlog",
    "lag_ms",
  ];

  test("has the documented keys, and sums that meet", async () => {
    const state = z.record(z.string(), z.unknown()).parse(
      await eventually(
        async () => JSON.parse((await ask("doctor", "--json")).stdout) as Record<string, unknown>,
        ({ backlog, open }) => backlog === 0 && open === 0,
      ),
    );
    expect(Object.keys(state).slice(0, KEYS.length)).toEqual(KEYS);
    expect(state).toMatchObject({
      begun: 3,
      completed: 3,
      cut: 0,
      abandoned: 0,
      incomplete: 0,
      rejected: 0,
      dropped: {},
      dead_lettered: 0,
      lag_ms: 0,
    });
    expect(state).toMatchObject({ appended: 6, stored: 6, pipeline: "ready" });
  });

  test("is readable", async () => {
    expect((await ask("doctor")).stdout).toMatch(/^ +begun +3$/m);
  });
});

test("what the server keeps is readable to its user alone", async () => {
  const mode = async (path: string): Promise<string> => ((await stat(join(gateway.dataDir, path))).mode & 0o777).toString(8);
  const files = [
    "state.sqlite",
    "manifest.jsonl",
    "spans.duckdb",
    "keys/intake.key",
    "keys/user.key",
    "run/serve.json",
    "run/control.sock",
  ];
  expect(await Promise.all(files.map(mode))).toEqual(files.map(() => "600"));
  const folders = [".", "keys", "run", "journal", "journal/intake", "journal/spans", "parquet"];
  expect(await Promise.all(folders.map(mode))).toEqual(folders.map(() => "700"));
});

describe("without a server", () => {
  const commands = [["spans"], ["sql", "SELECT 1"], ["doctor"], ["token", "create", "x"]];
  for (const command of commands) {
    test(`\`${command.join(" ")}\` says so, and how to start one`, async () => {
      const { code, stdout, stderr } = await spangate([...command, "--data", join(home, "nothing")]);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toContain(`no server runs on the data folder ${join(home, "nothing")}`);
      expect(stderr).toMatch(/npm start|--data/);
    });
  }

  test("a socket that a killed one left is told from a server", async () => {
    const dataDir = await mkdtemp(join(home, "left-"));
    const { mkdirSync } = await import("node:fs");
    mkdirSync(join(dataDir, "run"));
    const socket = join(dataDir, "run", "control.sock");
    writeFileSync(socket, "");
    const run = await spangate(["spans", "--data", dataDir]);
    expect(run).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining(`cannot reach the server at ${socket}`) });
  });
});

describe("check", () => {
  test("prints what is in effect, credentials redacted", async () => {
    const file = join(home, "good.yaml");
    writeFileSync(
      file,
      "default_upstream: up\nupstreams: {up: {base_url: https://api.openai.com/v1}}\nclients: [{name: a, token: {env: A_TOKEN}}]\n",
    );
    const { code, stdout } = await spangate(["check", "--config", file], { A_TOKEN: "a-secret-of-enough-length-0123456789" });
    expect([code, stdout]).toEqual([0, expect.stringContaining("base_url: https://api.openai.com/v1")]);
    expect(stdout).not.toContain("a-secret");
  });

  test("names every problem and where it is, and ends with 2", async () => {
    const file = join(home, "bad.yaml");
    writeFileSync(file, "durabilty: strict\ngateway: {port: 99999}\n");
    const { code, stdout } = await spangate(["check", "--config", file]);
    expect(code).toBe(2);
    for (const text of ["bad.yaml:1", "Did you mean durability?", "bad.yaml:2", "gateway.port", "2 problems"])
      expect(stdout).toContain(text);
  });
});

test("a port that is taken meanwhile is no server", async () => {
  const other = createServer((socket) => socket.end("HTTP/1.1 418 teapot\r\ncontent-length: 0\r\n\r\n"));
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const address = other.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const run = await spangate(["spans"], { SPANGATE_CONTROL_URL: `http://127.0.0.1:${port}` });
  other.close();
  expect(run).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("418") });
});
