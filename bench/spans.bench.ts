import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { AIRLINE_12, conversation } from "../demo/library.ts";
import { assemble } from "../genai/assemble.ts";
import { describe } from "../genai/describe.ts";
import { decodePiece, encodePiece } from "../genai/piece.ts";
import type { Recorded } from "../genai/recorded.ts";
import { decodeBatch, encodeBatch } from "../pipeline/batch.ts";
import { aRecorded, aRecordedExchange } from "../testing/recorded.ts";

const BATCH = 64;
const RUN = { time: 300 } as const;
const options = { userKey: (): string => "0123456789abcdef" };

/** The last turn of a real conversation: its whole history goes up, one answer comes down. */
function aConversation(): Recorded {
  const [line = ""] = readFileSync(AIRLINE_12, "utf8").split("\n", 1);
  const { messages } = conversation.parse(JSON.parse(line));
  const usage = { prompt_tokens: 3012, completion_tokens: 88, total_tokens: 3100 };
  const choices = [{ index: 0, message: messages.at(-1), finish_reason: "stop" }];
  return aRecorded({
    request: { model: "gpt-4o", messages: messages.slice(0, -1) },
    response: { id: "chatcmpl-1", object: "chat.completion", model: "gpt-4o-2024-08-06", choices, usage },
  });
}

const cases = [
  { title: "a small chat completion", recorded: await aRecordedExchange("chat") },
  { title: "a stream", recorded: await aRecordedExchange("chat_stream") },
  { title: "the last turn of a long conversation", recorded: aConversation() },
];

for (const { title, recorded } of cases) {
  const { opened, closed, request, response } = recorded;
  const piece = { exchangeId: opened.exchangeId, opened, closed, request: [request], response };
  const exchange = assemble(recorded);
  const spans = describe(exchange, options);
  const batch = { spans: Array.from({ length: BATCH }, () => spans).flat(), through: { lane: BATCH } };

  test(`encodePiece, ${title}`, async ({ bench }) => {
    let encoded: readonly Buffer[] = [];
    await bench("encodePiece", () => void (encoded = encodePiece(piece))).run(RUN);
    expect(decodePiece(Buffer.concat(encoded)).opened).toEqual(opened);
  });

  test(`assemble, ${title}`, async ({ bench }) => {
    let assembled = exchange;
    await bench("assemble", () => void (assembled = assemble(recorded))).run(RUN);
    expect(assembled.response?.outputMessages).toHaveLength(1);
  });

  test(`describe, ${title}`, async ({ bench }) => {
    let described = spans;
    await bench("describe", () => void (described = describe(exchange, options))).run(RUN);
    expect(described.map(({ kind }) => kind)).toEqual(["server", "client"]);
  });

  test(`encodeBatch of ${BATCH} exchanges, ${title}`, async ({ bench }) => {
    let encoded: Buffer = Buffer.alloc(0);
    await bench("encodeBatch", () => void (encoded = encodeBatch(batch))).run(RUN);
    expect(decodeBatch(encoded).spans).toHaveLength(batch.spans.length);
  });
}
