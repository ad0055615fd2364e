import { eventEnds } from "./event_ends.ts";

/** Takes the event out of a stream that brings the usage nobody but the gateway asked for. */
export interface UsageEvent {
  /** What may go on of the bytes so far; undefined when that is nothing. An event is held back only while it could be the one. */
  pass(chunk: Buffer): Buffer | undefined;
  /** What is still held back, but for the event. The last call: nothing that matters comes behind. */
  rest(): Buffer | undefined;
}

const LF = 0x0a;
const CR = 0x0d;
const TAB = 0x09;
const SPACE = 0x20;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CHOICES = Buffer.from('"choices"');
const DONE = "[DONE]";
const NONE = Buffer.alloc(0);

/** Many times as long as the event ever is. A longer one goes on. */
const MOST_BYTES = 16 * 1024;

/**
 * The event has `"choices": []` and an object as `usage`, and only `[DONE]` or the end of the stream comes behind it. All else goes on byte
 * for byte. Only an event whose choices are empty is parsed.
 */
export function withoutUsageEvent(): UsageEvent {
  const ends = eventEnds();
  /** Nothing is held back, and the next byte begins an event. */
  let between = true;
  /** The event that is not over yet goes on as it comes. */
  let passing = false;
  /** The event that is not over yet, while it may be the one. */
  let open: Buffer = NONE;
  /** What is the one if the end comes next, and what came behind it that is no event. */
  let usage: Buffer | undefined;
  let behind: Buffer = NONE;
  let gone = false;

  /** Lets go on what comes before the event that is looked at, or leaves the one out. */
  function release(out: Buffer[]): void {
    if (usage !== undefined) out.push(...(gone ? [behind] : [usage, behind]));
    usage = undefined;
    behind = NONE;
  }

  function slowly(chunk: Buffer): Buffer | undefined {
    const text = open.length === 0 ? chunk : Buffer.concat([open, chunk]);
    const out: Buffer[] = [];
    /** Where the event begins that is looked at, and where what goes on in one piece does. */
    let start = 0;
    let from = 0;
    const read = ends.read(text, open.length);
    if (usage !== undefined && open.length === 0 && read > 0) {
      // The last byte of what is held back.
      if (behind.length === 0) usage = Buffer.concat([usage, text.subarray(0, read)]);
      else behind = Buffer.concat([behind, text.subarray(0, read)]);
      from = read;
    }
    if (open.length === 0) start = read;
    open = NONE;
    const plain = isPlain(text);

    for (let end = ends.next(); end !== -1; end = ends.next()) {
      if (passing) passing = false;
      else if (usage !== undefined || !plain) {
        const event = text.subarray(start, end);
        if (usage !== undefined) {
          const data = dataOf(event);
          gone = data?.trim() === DONE;
          if (data === undefined && behind.length + event.length <= MOST_BYTES) {
            behind = Buffer.concat([behind, event]);
            from = end;
          } else release(out);
          if (gone) break;
        }
        if (usage === undefined && isUsage(event)) {
          out.push(text.subarray(from, start));
          usage = event;
          from = end;
        }
      }
      start = end;
    }

    const begun = gone || passing ? NONE : text.subarray(start);
    if (begun.length > MOST_BYTES || hasChoices(begun)) {
      release(out);
      passing = true;
    } else if (begun.length > 0) {
      open = begun;
      out.push(text.subarray(from, start));
      from = text.length;
    }
    out.push(text.subarray(from));
    between = ends.settled && usage === undefined;
    return joined(out);
  }

  return {
    pass(chunk) {
      if (gone || (between && endsEvent(chunk) && isPlain(chunk))) return chunk;
      return slowly(chunk);
    },
    rest() {
      const out: Buffer[] = [];
      const data = dataOf(open)?.trim();
      if (usage !== undefined) gone = data === undefined || DONE.startsWith(data);
      else if (isUsage(open)) {
        gone = true;
        open = NONE;
      }
      release(out);
      out.push(open);
      return joined(out);
    },
  };
}

function joined(pieces: readonly Buffer[]): Buffer | undefined {
  const filled = pieces.filter(({ length }) => length > 0);
  return filled.length > 1 ? Buffer.concat(filled) : filled[0];
}

/** Whether these bytes end with an empty line, as nearly all do that come from a server which writes events whole. */
function endsEvent(bytes: Buffer): boolean {
  const { length } = bytes;
  if (bytes[length - 1] !== LF) return false;
  return bytes[length - 2] === LF || (bytes[length - 2] === CR && bytes[length - 3] === LF && bytes[length - 4] === CR);
}

/** Whether there is no empty list in these events, so that none can be the one. */
function isPlain(events: Buffer): boolean {
  for (let at = events.indexOf(OPEN_BRACKET); at !== -1; at = events.indexOf(OPEN_BRACKET, at + 1)) {
    const next = events[skipBlank(events, at + 1)];
    if (next === CLOSE_BRACKET || next === CR || next === LF) return false;
  }
  return true;
}

/** Whether an event has choices, as far as it goes. */
function hasChoices(event: Buffer): boolean {
  const at = event.indexOf(CHOICES);
  return at !== -1 && choiceBehind(event, at + CHOICES.length);
}

function choiceBehind(text: Buffer, at: number): boolean {
  const colon = skipBlank(text, at);
  if (text[colon] !== COLON) return false;
  const bracket = skipBlank(text, colon + 1);
  return text[bracket] === OPEN_BRACKET && text[skipBlank(text, bracket + 1)] === OPEN_BRACE;
}

function skipBlank(text: Buffer, at: number): number {
  while (text[at] === SPACE || text[at] === TAB) at++;
  return at;
}

function isUsage(event: Buffer): boolean {
  if (event.length > MOST_BYTES || !event.includes(CHOICES) || hasChoices(event)) return false;
  try {
    const { choices, usage } = JSON.parse(dataOf(event) ?? "") as { readonly [name: string]: unknown };
    return Array.isArray(choices) && choices.length === 0 && typeof usage === "object" && usage !== null && !Array.isArray(usage);
  } catch {
    return false;
  }
}

/** What an event says; undefined when it says nothing. */
function dataOf(event: Buffer): string | undefined {
  const data = event
    .toString()
    .replace(/^\ufeff/, "")
    .split(/\r\n|\r|\n/)
    .flatMap((line) => (line === "data" ? "" : line.startsWith("data:") ? line.slice(line[5] === " " ? 6 : 5) : []));
  return data.length === 0 ? undefined : data.join("\n");
}
