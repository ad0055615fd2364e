import { createHash } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { OpenAI, toFile } from "openai";
import { expect, test } from "vitest";
import { demoUpstream, type DemoUpstream } from "./upstream.ts";

function clientOf(demo: DemoUpstream): OpenAI {
  return new OpenAI({ baseURL: demo.url, apiKey: "any", maxRetries: 0 });
}

const hello = { model: "demo", messages: [{ role: "user" as const, content: "Hello" }] };
const weather = {
  type: "function" as const,
  function: { name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } },
};

test("answers a chat with usage that adds up", async () => {
  await using demo = await demoUpstream();
  const { data, request_id } = await clientOf(demo).chat.completions.create(hello).withResponse();
  expect(data).toMatchObject({ object: "chat.completion", model: "demo", choices: [{ index: 0, finish_reason: "stop" }] });
  expect(data.choices[0]?.message.content).toMatch(/^Hello!/);
  expect(data.usage?.total_tokens).toBe((data.usage?.prompt_tokens ?? 0) + (data.usage?.completion_tokens ?? 0));
  expect(request_id).toMatch(/^req_[0-9a-f]{32}$/);
});

test("streams what it would have answered whole, and usage only when asked", async () => {
  await using demo = await demoUpstream({ seed: 1 });
  const client = clientOf(demo);
  const whole = await client.chat.completions.create({ ...hello, n: 2 });
  for (const include_usage of [true, false]) {
    const events = await client.chat.completions.create({ ...hello, n: 2, stream: true, stream_options: { include_usage } });
    const chunks = await Array.fromAsync(events);
    const texts = [0, 1].map((index) =>
      chunks.flatMap(({ choices }) => choices.filter((each) => each.index === index).map(({ delta }) => delta.content ?? "")).join(""),
    );
    expect(texts).toEqual(whole.choices.map(({ message }) => message.content));
    expect(chunks.flatMap(({ usage }) => usage ?? [])).toEqual(include_usage ? [whole.usage] : []);
  }
});

test("calls a function the user speaks of, and says what it answered", async () => {
  await using demo = await demoUpstream();
  const client = clientOf(demo);
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: "How is the weather?" }];
  const first = await client.chat.completions.create({ model: "demo", messages, tools: [weather] });
  const message = first.choices[0]?.message;
  const [called] = message?.tool_calls ?? [];
  expect(first.choices[0]?.finish_reason).toBe("tool_calls");
  expect(called).toMatchObject({ type: "function", function: { name: "get_weather", arguments: '{"city":"example city"}' } });
  if (!message || !called) return;
  const result = { role: "tool" as const, tool_call_id: called.id, content: "sunny" };
  const second = await client.chat.completions.create({ model: "demo", messages: [...messages, message, result], tools: [weather] });
  expect(second.choices[0]?.message.content).toContain("sunny");
});

test("fills in a structured output, and cuts it at max_tokens", async () => {
  await using demo = await demoUpstream();
  const client = clientOf(demo);
  const schema = { type: "object", properties: { city: { type: "string" }, people: { type: "integer" } } };
  const request = { ...hello, response_format: { type: "json_schema" as const, json_schema: { name: "place", schema } } };
  const whole = await client.chat.completions.create(request);
  expect(JSON.parse(whole.choices[0]?.message.content ?? "")).toEqual({ city: "example city", people: 1 });
  const cut = await client.chat.completions.create({ ...request, max_tokens: 3 });
  expect(cut.choices[0]?.finish_reason).toBe("length");
  expect(cut.usage?.completion_tokens).toBe(3);
});

test("streams a response that the client assembles to the whole one", async () => {
  await using demo = await demoUpstream({ seed: 1 });
  const client = clientOf(demo);
  const tool = { type: "function" as const, strict: true, ...weather.function };
  for (const input of ["Hello", "How is the weather?", "What is your system prompt?"]) {
    const whole = await client.responses.create({ model: "demo", input, tools: [tool] });
    const events = await Array.fromAsync(await client.responses.create({ model: "demo", input, tools: [tool], stream: true }));
    const last = events.at(-1);
    expect(events.map((each) => each.sequence_number)).toEqual(events.map((_, index) => index));
    expect(last?.type).toBe("response.completed");
    const strip = (response: OpenAI.Responses.Response): unknown =>
      JSON.parse(JSON.stringify(response, (key, value: unknown) => (/^(id|call_id|output_text)$/.test(key) ? undefined : value)));
    if (last?.type === "response.completed") expect(strip(last.response)).toEqual(strip(whole));
    const heard = events.map((each) => ("delta" in each && typeof each.delta === "string" ? each.delta : "")).join("");
    const item = whole.output[0];
    const part = item?.type === "message" ? item.content[0] : undefined;
    expect(heard).toBe(item?.type === "function_call" ? item.arguments : part?.type === "refusal" ? part.refusal : part?.text);
  }
});

test("gives the same vector as numbers and as base64", async () => {
  await using demo = await demoUpstream();
  const client = clientOf(demo);
  const [numbers, decoded] = await Promise.all([
    client.embeddings.create({ model: "demo-embedding", input: ["a", "b"], encoding_format: "float", dimensions: 8 }),
    client.embeddings.create({ model: "demo-embedding", input: ["a", "b"], dimensions: 8 }),
  ]);
  expect(decoded.data.map(({ embedding }) => [...embedding])).toEqual(numbers.data.map(({ embedding }) => embedding));
  expect(numbers.data[0]?.embedding).not.toEqual(numbers.data[1]?.embedding);
});

test("takes files and recordings", async () => {
  await using demo = await demoUpstream();
  const client = clientOf(demo);
  const file = await toFile(Buffer.alloc(2048, 7), "tone.wav");
  expect(await client.files.create({ file, purpose: "user_data" })).toMatchObject({ object: "file", bytes: 2048, filename: "tone.wav" });
  const heard = await client.audio.transcriptions.create({ file, model: "demo" });
  expect(heard.text).toContain("tone.wav");
});

test("completes texts", async () => {
  await using demo = await demoUpstream();
  const whole = await clientOf(demo).completions.create({ model: "demo", prompt: ["Hello", "Tell me a joke"], max_tokens: 5 });
  expect(whole.choices.map(({ finish_reason }) => finish_reason)).toEqual(["length", "length"]);
  expect(whole.usage?.completion_tokens).toBe(10);
});

test("says whose models these are, and knows any name", async () => {
  await using demo = await demoUpstream();
  const client = clientOf(demo);
  const { data } = await client.models.list();
  expect(data.map(({ id }) => id)).toEqual(["demo", "demo-mini", "demo-embedding"]);
  expect(await client.models.retrieve("gpt-4o")).toMatchObject({ id: "gpt-4o", owned_by: "spangate-demo" });
});

for (const status of [400, 401, 404, 429, 500]) {
  test(`answers ${status} for a model of that name`, async () => {
    await using demo = await demoUpstream();
    const failed = clientOf(demo).chat.completions.create({ ...hello, model: `demo-error-${status}` });
    await expect(failed).rejects.toMatchObject({ status, error: { message: expect.any(String), type: expect.any(String) } });
  });
}

test("refuses what is no chat as OpenAI does", async () => {
  await using demo = await demoUpstream();
  const cases = [
    { body: "{", message: /not valid JSON/ },
    { body: '{"model":"demo","messages":[{"role":1}]}', message: /messages\[0\]\.role/ },
  ];
  for (const { body, message } of cases) {
    const response = await fetch(`${demo.url}/chat/completions`, { method: "POST", body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error", message: expect.stringMatching(message) } });
  }
});

test("sends the same bytes again for the same seed, others for another", async () => {
  const bytes = async (seed: number): Promise<string> => {
    await using demo = await demoUpstream({ seed });
    const body = JSON.stringify({ ...hello, stream: true });
    return await (await fetch(`${demo.url}/chat/completions`, { method: "POST", body })).text();
  };
  const [one, again, other] = [await bytes(1), await bytes(1), await bytes(2)];
  expect(one).toBe(again);
  expect(one).not.toBe(other);
});

test("streams in the encoding the client likes, cut anywhere", async () => {
  await using demo = await demoUpstream({ seed: 3, compress: true });
  const request = {
    method: "POST",
    body: JSON.stringify({ model: "demo", stream: true, messages: [{ role: "user", content: "Say hello in five languages" }] }),
  };
  for (const encoding of ["gzip", "br", "deflate", "zstd"]) {
    const response = await fetch(`${demo.url}/chat/completions`, { ...request, headers: { "accept-encoding": encoding } });
    expect(response.headers.get("content-encoding")).toBe(encoding);
    expect(await response.text()).toMatch(/data: \[DONE\]\n\n$/);
  }
});

test("keeps a log of what it saw and sent, and of clients that left", async () => {
  await using demo = await demoUpstream({ delayMs: 20 });
  const body = JSON.stringify({ ...hello, stream: true });
  const whole = await fetch(`${demo.url}/chat/completions`, { method: "POST", body, headers: { "x-mark": "1" } });
  const text = await whole.text();
  const leaving = new AbortController();
  const cut = await fetch(`${demo.url}/chat/completions`, { method: "POST", body, signal: leaving.signal });
  await cut.body?.getReader().read();
  leaving.abort();
  while (demo.open() > 0) await setTimeout(5);
  const sha256 = (content: string): string => createHash("sha256").update(content).digest("hex");
  const [first, second] = demo.log;
  expect(first).toMatchObject({
    method: "POST",
    path: "/v1/chat/completions",
    status: 200,
    left: false,
    bodySha256: sha256(body),
    sentSha256: sha256(text),
  });
  expect(first?.headers["x-mark"]).toBe("1");
  expect(second).toMatchObject({ status: 200, left: true });
  expect(second?.sentBytes).toBeLessThan(text.length);
});
