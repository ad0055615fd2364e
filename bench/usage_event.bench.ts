import { expect, test } from "vitest";
import { terminalWatch } from "../gateway/terminal.ts";
import { withoutUsageEvent } from "../gateway/usage_event.ts";
import { DIALECTS } from "../genai/dialects/index.ts";

const EVENTS = 1000;
/** As much as is read from a socket at once in a burst. */
const READ_BYTES = 64 * 1024;

const head = { id: `chatcmpl-${"9f".repeat(16)}`, object: "chat.completion.chunk", created: 1_767_225_600, model: "gpt-5-nano" };
const events = Array.from({ length: EVENTS }, (_, index) => {
  const choices = [{ index: 0, delta: { content: ` word${index}` }, finish_reason: null }];
  return Buffer.from(`data: ${JSON.stringify({ ...head, choices, usage: null })}\n\n`);
});
const stream = Buffer.concat(events);
const reads = Array.from({ length: Math.ceil(stream.length / READ_BYTES) }, (_, index) =>
  stream.subarray(index * READ_BYTES, (index + 1) * READ_BYTES),
);
const markers = [...new Set(DIALECTS.flatMap(({ terminal }) => terminal))].map((each) => Buffer.from(each));

for (const { title, chunks } of [
  { title: `${EVENTS} events, each in a chunk of its own`, chunks: events },
  { title: `${EVENTS} events in a burst`, chunks: reads },
]) {
  test(title, async ({ bench }) => {
    let bytes = 0;
    const usage = await bench("look for the event with the usage", () => {
      const filter = withoutUsageEvent();
      bytes = 0;
      for (const chunk of chunks) bytes += filter.pass(chunk)?.length ?? 0;
      bytes += filter.rest()?.length ?? 0;
    }).run({ time: 300 });
    expect(bytes).toBe(stream.length);
    await bench("look for the end, as every stream does", () => {
      const watch = terminalWatch(markers);
      for (const chunk of chunks) watch.seen(chunk);
    }).run({ time: 300 });
    const parsing = await bench("parse each event, for comparison", () => {
      for (const event of events) JSON.parse(event.toString("utf8", "data: ".length));
    }).run({ time: 300 });
    expect(usage.latency.p50).toBeLessThan(parsing.latency.p50);
  });
}
