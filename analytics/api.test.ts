import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { duckdbStore } from "../storage/duckdb_store.ts";
import { queryFiles } from "../storage/query.ts";
import { StoreUnavailable, type SpanStore } from "../storage/store.ts";
import { aSpan } from "../storage/store_contract.ts";
import { lane, openedAs } from "../testing/lane.ts";
import { startPipeline } from "../testing/pipeline.ts";
import { api, SqlError, type ApiOptions } from "./api.ts";

let home: string;
let dataDir: string;
let store: SpanStore;
let options: ApiOptions;
const unexpected: unknown[] = [];

const trace = "1".repeat(32);
const start = aSpan().startTimeUnixNano;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "spangate-api-"));
  dataDir = join(home, "data");
  store = await duckdbStore({ dataDir, onRefused: ({ name }) => expect.fail(name), onError: (error) => expect.fail(String(error)) });
  const calls = Array.from({ length: 60 }, (_, i) => call(i)).flat();
  await store.append({ spans: calls, through: 1 });
  options = {
    reader: store,
    catchUp: () => Promise.resolve(),
    onError: (error) => unexpected.push(error),
    letters: { list: async () => [], replay: async () => ({ replayed: 0, already_stored: 0, failed: 0, unknown: 0 }) },
    sql: {
      async run(statement, parameters) {
        await store.flush();
        const question = { dataDir, files: store.files(), statement, parameters, maxRows: 100, maxBytes: 1_000_000 };
        return await queryFiles(question).catch((error: Error) => {
          throw new SqlError(error.message);
        });
      },
    },
  };
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

/** The two spans of call `i`, a second after the one before. */
function call(i: number) {
  const id = (letter: string): string => `${letter}${String(i).padStart(15, "0")}`;
  const startTimeUnixNano = start + BigInt(i) * 1_000_000_000n;
  const common = {
    exchangeId: `exchange-${i}`,
    traceId: i < 2 ? trace : `${i}`.padStart(32, "0"),
    endTimeUnixNano: startTimeUnixNano + 5_000_000n,
  };
  return [
    aSpan({ ...common, startTimeUnixNano, spanId: id("a"), name: "POST /v1/chat/completions", kind: "server" }),
    aSpan({
      ...common,
      startTimeUnixNano: startTimeUnixNano + 1000n,
      spanId: id("b"),
      parentSpanId: id("a"),
      name: `chat ${i}`,
      tokens: { inUncached: i },
      attributes: {
        "gen_ai.operation.name": "chat",
        "gen_ai.response.id": `chatcmpl-${i}`,
        "gen_ai.input.messages": [{ role: "user", parts: [{ type: "text", content: `${i}` }] }],
      },
    }),
  ];
}

const ask = async (path: string, init: RequestInit = {}, more: Partial<ApiOptions> = {}) => {
  const reply = await api({ ...options, ...more }).request(path, init);
  return { status: reply.status, body: await reply.json() };
};
const post = (body: unknown, more: Partial<ApiOptions> = {}) =>
  ask(
    "/api/sql",
    { method: "POST", headers: { "content-type": "application/json" }, body: typeof body === "string" ? body : JSON.stringify(body) },
    more,
  );

const rows = z.array(z.record(z.string(), z.unknown()));
const openaiError = z.strictObject({
  error: z.strictObject({ message: z.string().min(1), type: z.string(), param: z.null(), code: z.string().nullable() }),
});

describe("the newest spans", () => {
  const lists: readonly { title: string; query: string; names: (string | RegExp)[]; count: number }[] = [
    { title: "are 50 calls of models, newest first", query: "", names: ["chat 59", "chat 58"], count: 50 },
    { title: "are as many as asked for", query: "?limit=2", names: ["chat 59", "chat 58"], count: 2 },
    { title: "are no more than there are", query: "?limit=1000", names: ["chat 59"], count: 60 },
    { title: "have HTTP spans too when asked", query: "?limit=2&all=true", names: ["chat 59", "POST /v1/chat/completions"], count: 2 },
    { title: "have no HTTP spans when not asked", query: "?all=false&limit=1", names: ["chat 59"], count: 1 },
  ];
  for (const { title, query, names, count } of lists) {
    test(title, async () => {
      const { status, body } = await ask(`/api/spans${query}`);
      const found = rows.parse(body);
      expect([status, found.length, found.slice(0, names.length).map(({ name }) => name)]).toEqual([200, count, names]);
    });
  }

  test("have values as JSON says them", async () => {
    const [row] = rows.parse((await ask("/api/spans?limit=1")).body);
    expect(row).toMatchObject({
      start_time: "2026-01-01 00:00:59.123457789",
      duration_ns: 4_999_000,
      tokens_in_uncached: 59,
      tokens_out_text: null,
      input_messages: [{ role: "user", parts: [{ type: "text", content: "59" }] }],
      attrs: {},
    });
  });

  for (const query of ["limit=0", "limit=10001", "limit=-1", "limit=1.5", "limit=many", "limit=", "all=perhaps"]) {
    test(`are refused with ${query}, in the shape OpenAI's clients parse`, async () => {
      const { status, body } = await ask(`/api/spans?${query}`);
      expect(status).toBe(400);
      const { error } = openaiError.parse(body);
      expect([error.type, error.code, error.message]).toEqual([
        "invalid_request_error",
        "invalid_request",
        expect.stringContaining(query.split("=")[0] ?? ""),
      ]);
    });
  }
});

describe("spans by id", () => {
  const ids = [
    { what: "an exchange", id: "exchange-7", names: ["POST /v1/chat/completions", "chat 7"] },
    { what: "a span", id: "b000000000000007", names: ["chat 7"] },
    { what: "a response", id: "chatcmpl-7", names: ["chat 7"] },
    { what: "a trace", id: trace, names: ["POST /v1/chat/completions", "chat 0", "POST /v1/chat/completions", "chat 1"] },
  ];
  for (const { what, id, names } of ids) {
    test(`are found by that of ${what}, in the order they began`, async () => {
      const { status, body } = await ask(`/api/spans/${id}`);
      expect([status, rows.parse(body).map(({ name }) => name)]).toEqual([200, names]);
    });
  }

  for (const id of ["nothing", "' OR 1=1 --", "%25", "a/b", "\u{1F600}"]) {
    test(`are not found by ${id}`, async () => {
      const { status, body } = await ask(`/api/spans/${encodeURIComponent(id)}`);
      const { error } = openaiError.parse(body);
      expect([status, error.code, error.message.includes(id)]).toEqual([404, "not_found", true]);
    });
  }

  test("are not looked for by an id that is too long", async () => {
    const { status, body } = await ask(`/api/spans/${"x".repeat(300)}`);
    expect([status, openaiError.parse(body).error.code]).toEqual([400, "invalid_request"]);
  });
});

describe("SQL", () => {
  test("is answered with columns, types and rows", async () => {
    const { status, body } = await post({
      sql: "SELECT count(*) AS n, $1 AS p FROM spans WHERE operation = $2",
      parameters: ["x", "chat"],
    });
    expect([status, body]).toEqual([200, { columns: ["n", "p"], types: ["BIGINT", "VARCHAR"], rows: [["60", "x"]], truncated: false }]);
  });

  const wrong: readonly { title: string; body: unknown; code: string; says?: RegExp }[] = [
    { title: "with a mistake", body: { sql: "SELEC 1" }, code: "invalid_sql", says: /syntax/ },
    { title: "of an unknown column", body: { sql: "SELECT nothing FROM spans" }, code: "invalid_sql", says: /nothing/ },
    { title: "of several statements", body: { sql: "SELECT 1; SELECT 2" }, code: "invalid_sql", says: /one statement/ },
    { title: "that is no question", body: { sql: "DROP VIEW spans" }, code: "invalid_sql", says: /SELECT/ },
    { title: "that is empty", body: { sql: "" }, code: "invalid_request", says: /sql/ },
    { title: "that is too long", body: { sql: `SELECT 1 -- ${"x".repeat(65_536)}` }, code: "invalid_request", says: /sql/ },
    { title: "that is missing", body: {}, code: "invalid_request", says: /sql/ },
    { title: "that is no text", body: { sql: 5 }, code: "invalid_request", says: /sql/ },
    { title: "with parameters of another kind", body: { sql: "SELECT 1", parameters: [{}] }, code: "invalid_request", says: /parameters/ },
    { title: "in a body that is not JSON", body: "{", code: "invalid_request", says: /JSON/ },
    { title: "in a body that is no object", body: "[]", code: "invalid_request" },
  ];
  for (const { title, body, code, says = /./ } of wrong) {
    test(`${title} is refused in the shape OpenAI's clients parse`, async () => {
      const reply = await post(body);
      const { error } = openaiError.parse(reply.body);
      expect([reply.status, error.type, error.code, error.message]).toEqual([
        400,
        "invalid_request_error",
        code,
        expect.stringMatching(says),
      ]);
    });
  }

  test("without a content type is refused, and says which", async () => {
    const { status, body } = await ask("/api/sql", { method: "POST", body: '{"sql":"SELECT 1"}' });
    expect([status, openaiError.parse(body).error.message]).toEqual([400, expect.stringMatching(/application\/json|sql/)]);
  });
});

test("what fails unexpectedly reads internal error, and is told whole to the log", async () => {
  const secret = (): Promise<never> => Promise.reject(new Error("the disk is full of secrets"));
  const failing = { reader: { query: secret }, sql: { run: secret } };
  for (const { status, body } of [await ask("/api/spans", {}, failing), await post({ sql: "SELECT 1" }, failing)]) {
    expect([status, body]).toEqual([500, { error: { message: "internal error", type: "server_error", param: null, code: null } }]);
  }
  expect(unexpected.map(String)).toEqual(["Error: the disk is full of secrets", "Error: the disk is full of secrets"]);
});

test("spans that are readable are answered although the newest cannot be read in", async () => {
  const failing = { catchUp: () => Promise.reject(new Error("the disk does not read")) };
  const list = await ask("/api/spans?limit=3", {}, failing);
  const found = await ask("/api/spans/exchange-7", {}, failing);
  expect([list.status, rows.parse(list.body).length, found.status, rows.parse(found.body).length]).toEqual([200, 3, 200, 2]);
});

test("SQL and a replay say that the store takes nothing now", async () => {
  const stuck = () => Promise.reject(new StoreUnavailable("the store does not take spans now"));
  const again = { method: "POST", headers: { "content-type": "application/json" }, body: '{"ids":[1]}' };
  const letters = { ...options.letters, replay: stuck };
  const error = { message: "the store does not take spans now", type: "server_error", param: null, code: "store_unavailable" };
  const unavailable = { status: 503, body: { error } };
  expect(await post({ sql: "SELECT 1" }, { catchUp: stuck })).toEqual(unavailable);
  expect(await ask("/api/dead-letters/replay", again, { letters })).toEqual(unavailable);
});

test("SQL is told to ask again while the span journal cannot be written, and spans are answered as they are", async () => {
  const own = join(home, "failing");
  const spans = join(own, "journal", "spans");
  await using writing = await lane({ folder: join(own, "journal", "intake"), name: "one" });
  await using running = await startPipeline({ dataDir: own, segmentBytes: 1 }); // each batch needs a new segment
  const given = { catchUp: running.pipeline.catchUp, reader: running.store };
  writing.end("a", { opened: openedAs("a") });
  await writing.written();
  await running.pipeline.catchUp();
  renameSync(spans, `${spans}.away`);
  writeFileSync(spans, "no folder");
  writing.end("b", { opened: openedAs("b") });
  await writing.written();
  const answers = [await post({ sql: "SELECT 1" }, given), await post({ sql: "SELECT 1" }, given)];
  const list = await ask("/api/spans?all=true", {}, given);
  rmSync(spans);
  renameSync(`${spans}.away`, spans);
  for (const { status, body } of answers) {
    const { error } = openaiError.parse(body);
    expect([status, error.code, error.message]).toEqual([503, "store_unavailable", expect.stringContaining("span journal")]);
  }
  expect([list.status, rows.parse(list.body).length]).toEqual([200, 2]);
});

test("rows are asked for after all that was recorded is readable", async () => {
  const order: string[] = [];
  const catchUp = () => Promise.resolve().then(() => void order.push("caught up"));
  const reader = { query: (...given: Parameters<SpanStore["query"]>) => (order.push("asked"), store.query(...given)) };
  await ask("/api/spans", {}, { catchUp, reader });
  expect(order).toEqual(["caught up", "asked"]);
});

test("an unknown path says where the API is described", async () => {
  const { status, body } = await ask("/api/nothing");
  expect([status, openaiError.parse(body).error.message]).toEqual([404, expect.stringContaining("/api/openapi.json")]);
});

test("the API describes itself", async () => {
  const { status, body } = await ask("/api/openapi.json");
  const described = z
    .object({
      openapi: z.string(),
      info: z.object({ title: z.string(), version: z.string() }),
      paths: z.record(z.string(), z.record(z.string(), z.object({ responses: z.record(z.string(), z.unknown()) }))),
    })
    .parse(body);
  expect([status, described.openapi]).toEqual([200, "3.1.0"]);
  expect(Object.entries(described.paths).map(([path, methods]) => `${Object.keys(methods).join()} ${path}`)).toEqual([
    "get /api/spans",
    "get /api/spans/{id}",
    "post /api/sql",
    "get /api/dead-letters",
    "post /api/dead-letters/replay",
  ]);
  for (const reference of JSON.stringify(body).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const found = (reference[1] ?? "").split("/").reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], body);
    expect(found, reference[1]).toBeTypeOf("object");
  }
});
