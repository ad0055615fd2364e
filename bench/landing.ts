import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodePiece } from "../genai/piece.ts";
import type { Chunk, Tier } from "../genai/recorded.ts";
import { journal } from "../journal/append.ts";
import { KIND } from "../journal/record.ts";
import { loadOrCreateKey } from "../journal/seal.ts";
import { crew } from "../pipeline/crew.ts";
import { DEFAULT_PROCESSORS, processorOptions } from "../processors/options.ts";
import { closedAs, openedAs } from "../testing/lane.ts";
import { startPipeline } from "../testing/pipeline.ts";
import { onCoreNs } from "./cpu.ts";

// What the pipeline costs from the intake journal to published rows, by thread. On one core: `taskset -c 0 node bench/landing.ts`.

interface Shape {
  readonly title: string;
  readonly tier: Tier;
  readonly exchanges: number;
  readonly contentType: string;
  readonly answer: (text: string) => readonly Chunk[];
}

const TEXT_BYTES = 2048;
/** What a busy gateway writes at once. */
const GROUP_BYTES = 512 * 1024;
const EVENTS = 330;
const EVENTS_A_CHUNK = 8;
/** As people write to a shop or an airline; `#` is another number each time, so that no two texts are alike. */
const SENTENCES = [
  "My name is Anna Keller and I wrote to you on Monday about order #. ",
  "The flight from Lisbon to Oslo was cancelled, and nobody at the desk could tell us when the next one leaves. ",
  "Please send the receipt to anna.keller#@example.com, not to the old address. ",
  "We had booked two seats with extra space, because Mr. Okafor cannot bend his knee since the operation in March. ",
  "According to your policy a refund takes ten working days; it has been three weeks, and # EUR are still missing. ",
  "You can reach me at +49 151 23456789 between nine and five, or leave a message with Maria Lindqvist. ",
  "I would like to change the return to the 14th of June, if there is no fee above 40 EUR for it. ",
  "The parcel should go to 12 Elm Street, Springfield, IL 62704, as the shop promised in its confirmation. ",
  "What is the difference between the two tariffs, and which of them lets me bring a second bag? ",
  "Version 4.12.0 of the app shows error 503 as soon as I open the page with my bookings, on Wi-Fi as well as on the train. ",
];

const aText = (): string => {
  let text = "";
  while (text.length < TEXT_BYTES) {
    const sentence = SENTENCES[Math.floor(Math.random() * SENTENCES.length)] ?? "";
    text += sentence.replace("#", String(Math.floor(Math.random() * 1e9)));
  }
  return text.slice(0, TEXT_BYTES);
};
const usage = { prompt_tokens: 512, completion_tokens: 498, total_tokens: 1010, prompt_tokens_details: { cached_tokens: 0 } };
const head = { id: "chatcmpl-1", created: 1_767_225_600, model: "gpt-4o-2024-08-06", system_fingerprint: "fp_44709d6fcb" };

function whole(content: string): readonly Chunk[] {
  const choices = [{ index: 0, message: { role: "assistant", content, refusal: null }, logprobs: null, finish_reason: "stop" }];
  return [{ atUs: 10_000, bytes: Buffer.from(JSON.stringify({ ...head, object: "chat.completion", choices, usage })) }];
}

function streamed(content: string): readonly Chunk[] {
  const event = (delta: object, more: object): string =>
    `data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", choices: [{ index: 0, delta, logprobs: null, finish_reason: null }], ...more })}\n\n`;
  const size = Math.ceil(TEXT_BYTES / EVENTS);
  const events = Array.from({ length: EVENTS }, (_, i) => event({ content: content.slice(i * size, (i + 1) * size) }, { usage: null }));
  events.push(
    `data: ${JSON.stringify({ ...head, choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage })}\n\n`,
    "data: [DONE]\n\n",
  );
  const chunks: Chunk[] = [];
  for (let i = 0; i < events.length; i += EVENTS_A_CHUNK) {
    chunks.push({ atUs: 10_000 + i * 100, bytes: Buffer.from(events.slice(i, i + EVENTS_A_CHUNK).join("")) });
  }
  return chunks;
}

/** Written beside the journal; moved there, it is a closed lane of exchanges, as a gateway leaves it. */
async function record(dataDir: string, lane: string, { tier, exchanges, contentType, answer }: Shape): Promise<void> {
  const master = loadOrCreateKey(join(dataDir, "keys", "intake.key"));
  await using written = await journal({ folder: join(dataDir, lane), first: 1, segmentBytes: 64 * 1024 * 1024, master });
  const headers = [
    ["content-type", contentType],
    ["x-request-id", "req_1f2e3d4c"],
    ["openai-processing-ms", "412"],
  ] as const;
  for (let i = 0; i < exchanges; i++) {
    const exchangeId = `${lane}-${String(i).padStart(12, "0")}`;
    const request = Buffer.from(
      JSON.stringify({ model: "gpt-4o", stream: answer === streamed, messages: [{ role: "user", content: aText() }], max_tokens: 900 }),
    );
    const response = answer(aText());
    const responseBytes = response.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const opened = openedAs(exchangeId, {
      tier,
      headers: [
        ["content-type", "application/json"],
        ["user-agent", "OpenAI/JS 6.1.0"],
      ],
    });
    const closed = closedAs({ headers, requestBytes: request.length, responseBytes });
    written.append(KIND.end, encodePiece({ exchangeId, opened, closed, request: [request], response }));
    if (written.pendingBytes > GROUP_BYTES) await written.written();
  }
}

/** Microseconds on a core so far, by the names of threads. */
function cpuByThread(): Map<string, number> {
  const sums = new Map<string, number>();
  for (const thread of readdirSync("/proc/self/task")) {
    const task = `/proc/self/task/${thread}`;
    const name = Number(thread) === process.pid ? "main" : readFileSync(`${task}/comm`, "utf8").trim();
    sums.set(name, (sums.get(name) ?? 0) + onCoreNs(readFileSync(`${task}/schedstat`, "utf8")) / 1000);
  }
  return sums;
}

async function measure(shape: Shape): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), "spangate-landing-"));
  const intake = join(dataDir, "journal", "intake");
  mkdirSync(intake, { recursive: true });
  try {
    await record(dataDir, "warm-up", { ...shape, exchanges: shape.exchanges / 4 });
    await record(dataDir, "measured", shape);
    const masters = [loadOrCreateKey(join(dataDir, "keys", "intake.key"))];
    await using carrier = crew({
      userKey: loadOrCreateKey(join(dataDir, "keys", "user.key")),
      processors: DEFAULT_PROCESSORS.map((each) => processorOptions.parse(each)),
      onLost: (reason) => console.error(reason),
    });
    await using running = await startPipeline({ dataDir, masters, carrier, lanes: [] });
    const land = async (lane: string): Promise<void> => {
      renameSync(join(dataDir, lane), join(intake, lane));
      await running.pipeline.catchUp();
      await running.store.flush();
    };
    await land("warm-up");
    const before = cpuByThread();
    const begun = performance.now();
    await land("measured");
    const seconds = (performance.now() - begun) / 1000;
    const after = cpuByThread();
    const { rows } = await running.store.query("SELECT count(*) FROM spans WHERE exchange_id LIKE 'measured-%' AND kind = 'server'");
    if (Number(rows[0]?.[0]) !== shape.exchanges)
      throw new Error(`${String(rows[0]?.[0])} of ${shape.exchanges} exchanges are in the store`);
    const each = [...after].map(([name, us]) => [name, (us - (before.get(name) ?? 0)) / shape.exchanges] as const);
    const total = each.reduce((sum, [, us]) => sum + us, 0);
    const threads = each.filter(([, us]) => us >= 0.5).map(([name, us]) => `${name} ${us.toFixed(1)}`);
    console.log(
      `${shape.title}, ${shape.tier}: ${total.toFixed(1)} us of CPU each (${threads.join(", ")}), ${(1e6 / total).toFixed(0)}/s of a core, ${(shape.exchanges / seconds).toFixed(0)}/s here`,
    );
  } finally {
    rmSync(dataDir, { recursive: true });
  }
}

const [exchanges = 20_000] = process.argv.slice(2).map(Number);
const small = { title: "2 x 2 KB of text", exchanges, contentType: "application/json", answer: whole };
const stream = { title: `a stream of ${EVENTS} events`, exchanges: exchanges / 10, contentType: "text/event-stream", answer: streamed };
for (const shape of [small, stream]) for (const tier of ["metadata", "scrubbed", "full"] as const) await measure({ ...shape, tier });
