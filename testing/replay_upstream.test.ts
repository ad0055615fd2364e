import { OpenAI } from "openai";
import { expect, test } from "vitest";
import { bodiesOf, readExchange } from "./exchange.ts";
import { rawRequest } from "./raw.ts";
import { FAULTS, replayUpstream, type Fault } from "./replay_upstream.ts";

const stream = await readExchange("chat_stream");

test("plays a recorded reply byte for byte, and keeps what it was asked", async () => {
  await using upstream = await replayUpstream(() => ({ exchange: stream }));
  const { request, response } = stream;
  const body = JSON.stringify(request.body);
  const reply = await rawRequest({ url: `${upstream.url}${request.path}`, method: request.method, headers: request.headers, body });
  expect(reply).toMatchObject({ status: 200, whole: true, headers: response.headers });
  expect(reply.body.equals(response.body)).toBe(true);
  expect(upstream.seen).toMatchObject([{ method: "POST", path: "/v1/chat/completions", headers: request.headers }]);
  expect(upstream.seen[0]?.body.toString()).toBe(body);
});

const WHOLE: readonly Fault[] = ["drip", "bytewise", "informational_first", "close_without_terminal_event", "content_length_too_small"];
const BROKEN: readonly Fault[] = ["reset_in_body", "content_length_too_large"];

for (const fault of FAULTS) {
  test(`goes wrong as told: ${fault}`, async () => {
    await using upstream = await replayUpstream(() => ({ exchange: stream, fault }));
    const leaving = new AbortController();
    const asked = { url: `${upstream.url}/chat/completions`, method: "POST", body: "{}", signal: leaving.signal };
    const reply = rawRequest(asked).catch(() => "no reply");
    if (fault.startsWith("hang")) {
      setTimeout(() => leaving.abort(), 100);
      const got = await reply;
      expect(typeof got === "string" ? got : got.whole).toBe(fault === "hang_before_headers" ? "no reply" : false);
    } else if (fault === "reset_before_headers") expect(await reply).toBe("no reply");
    else {
      expect([...WHOLE, ...BROKEN]).toContain(fault);
      expect(await reply).toMatchObject({ status: 200, whole: WHOLE.includes(fault) });
    }
  });
}

test("the recorded exchanges are what the client understands", async () => {
  let playing = stream;
  await using upstream = await replayUpstream(() => ({ exchange: playing }));
  const client = new OpenAI({ baseURL: upstream.url, apiKey: "any", maxRetries: 0 });
  const play = async (what: string): Promise<unknown> => {
    playing = await readExchange(what);
    const { path, body, ...rest } = playing.request;
    const streamed = (body as { readonly stream?: boolean }).stream === true;
    const reply = await client.post(path, { body, stream: streamed, headers: rest.headers });
    return streamed ? Array.fromAsync(reply as AsyncIterable<unknown>) : reply;
  };
  expect(await play("chat")).toMatchObject({ choices: [{ message: { content: "The Danube, the Rhine and the Loire." } }] });
  expect(await play("chat_n2")).toMatchObject({ choices: [{ index: 0 }, { index: 1 }] });
  expect(await play("chat_refusal")).toMatchObject({ choices: [{ message: { refusal: "I can't help with that." } }] });
  expect(await play("chat_stream")).toHaveLength(10);
  expect(await play("chat_stream_tools")).toHaveLength(12);
  expect(await play("responses")).toMatchObject({ status: "completed", usage: { total_tokens: 105 } });
  expect(await play("responses_stream")).toHaveLength(20);
  expect(await play("completions")).toMatchObject({ choices: [{ finish_reason: "length" }] });
  expect(await play("embeddings")).toMatchObject({ data: [{ index: 0 }, { index: 1 }] });
  await expect(play("chat_error_429")).rejects.toMatchObject({ status: 429, code: "rate_limit_exceeded" });
  await expect(play("chat_stream_error")).rejects.toThrow("The server failed");
});

test("the malformed streams are what their names say", async () => {
  const names = await bodiesOf("malformed_sse");
  expect(names.length).toBeGreaterThanOrEqual(20);
  const read = async (name: string): Promise<Buffer> => (await readExchange("malformed_sse", `${name}.sse`)).response.body;
  expect((await read("crlf")).includes("\r\n\r\n")).toBe(true);
  expect((await read("cr_only")).includes("\n")).toBe(false);
  expect((await read("byte_order_mark")).subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
  expect((await read("nul_bytes")).includes(0)).toBe(true);
  for (const name of ["invalid_utf8", "cut_code_point_at_end"]) {
    const body = await read(name);
    expect(() => new TextDecoder("utf-8", { fatal: true }).decode(body)).toThrow(/not valid/);
  }
});
