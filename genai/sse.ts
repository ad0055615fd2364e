import { createParser } from "eventsource-parser";
import type { StreamEvent } from "./dialect.ts";
import { parseJson } from "./json.ts";
import type { Chunk } from "./recorded.ts";

/** Calls `each` for every event of a recorded stream of JSON, with the time its last byte came. Comments are no events. */
export function readEvents(chunks: readonly Chunk[], each: (event: StreamEvent, atUs: number) => void): void {
  let atUs = 0;
  const parser = createParser({
    onEvent: ({ event, data }) => {
      for (const one of separated(data)) each(event === undefined ? { data: one } : { event, data: one }, atUs);
    },
  });
  const decoder = new TextDecoder();
  for (const chunk of chunks) {
    atUs = chunk.atUs;
    parser.feed(decoder.decode(chunk.bytes, { stream: true }));
  }
  // The last event counts even where the stream broke off before the blank line after it; half of one is no JSON and says nothing.
  parser.feed(`${decoder.decode()}\n\n`);
}

/** Some servers forget the blank line between two events: then each line is JSON, and all of them together are not. */
function separated(data: string): readonly string[] {
  return !data.includes("\n") || parseJson(data) !== undefined ? [data] : data.split("\n");
}

/** Whether a body is a stream of events: servers mislabel both, so its first letters decide, and the content type where they do not. */
export function isEventStream(start: string, contentType: string): boolean {
  const text = start.trimStart();
  if (/^(data|event|id|retry)?:/.test(text)) return true;
  return contentType.includes("text/event-stream") && !/^[[{<]/.test(text);
}
