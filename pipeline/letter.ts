import { encodePiece } from "../genai/piece.ts";
import type { Recorded } from "../genai/recorded.ts";
import type { Span } from "../genai/span.ts";
import type { JournalRecord, Sequence } from "../journal/record.ts";
import { decodeBatch } from "./batch.ts";

/** Where a record or a span could not go on. */
export const STAGES = ["read", "describe", "process", "encode", "store"] as const;
export type Stage = (typeof STAGES)[number];

/** An error that knows its stage. */
export class StageError extends Error {
  override readonly name = "StageError";
  readonly stage: Stage;
  constructor(stage: Stage, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.stage = stage;
  }
}

export function stageOf(error: unknown): Stage {
  const stage = typeof error === "object" && error !== null && "stage" in error ? error.stage : undefined;
  return STAGES.find((each) => each === stage) ?? "describe";
}

/** What could not go on, and all that is needed to try again. */
export interface Letter {
  /** Names what is inside, so that the same thing is put aside once, however often it is met. */
  readonly about: string;
  readonly stage: Stage;
  readonly reason: string;
  /** A lane of the intake, or `spans` for the span journal. */
  readonly lane: string;
  /** Of the record it came with; 0 when none did. */
  readonly sequence: Sequence;
  readonly exchangeId?: string;
  /** Pieces of one exchange as they stand on the intake, or one batch of the span journal. */
  readonly holds: "pieces" | "batch";
  readonly payloads: readonly Buffer[];
}

/** All of a letter but its content. */
export interface LetterHead extends Omit<Letter, "payloads"> {
  /** When it was put aside first. */
  readonly at: string;
  readonly sizes: readonly number[];
}

/** Layout: `u32 length of head | head, JSON | payloads`. */
export function encodeLetter(head: LetterHead, payloads: readonly Buffer[]): Buffer[] {
  const json = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return [length, json, ...payloads];
}

/** The head alone; what follows it is for `payloadsOf`. Throws on anything else than a letter. */
export function decodeHead(bytes: Buffer): LetterHead {
  return JSON.parse(bytes.toString("utf8", 4, 4 + bytes.readUInt32LE())) as LetterHead;
}

export function payloadsOf(bytes: Buffer, { sizes }: LetterHead): readonly Buffer[] {
  let at = 4 + bytes.readUInt32LE();
  return sizes.map((size) => bytes.subarray(at, (at += size)));
}

const LONGEST_REASON = 300;

/** The text of an error without what it quotes: that may be what a caller or a model said. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (/valid JSON|in JSON|SyntaxError/.test(text)) return "it is not valid JSON";
  return text.replace(/["'`].*["'`]/s, "…").slice(0, LONGEST_REASON);
}

export const aboutRecord = (lane: string, sequence: Sequence): string => `record ${lane} ${sequence}`;
export const aboutExchange = (exchangeId: string): string => `exchange ${exchangeId}`;
/** A span is who said it, and where it stands: nothing else makes it another one. */
export const aboutSpan = ({ tenant, source, traceId, spanId }: Pick<Span, "tenant" | "source" | "traceId" | "spanId">): string =>
  JSON.stringify([tenant, source, traceId, spanId]);

/** `at`: where its end stands on the intake. */
export function exchangeLetter(recorded: Recorded, at: Pick<Letter, "lane" | "sequence"> | undefined, error: unknown): Letter {
  const { opened, closed, request, response } = recorded;
  const { exchangeId } = opened;
  return {
    about: aboutExchange(exchangeId),
    stage: stageOf(error),
    reason: reasonOf(error),
    lane: at?.lane ?? "",
    sequence: at?.sequence ?? 0,
    exchangeId,
    holds: "pieces",
    payloads: [Buffer.concat(encodePiece({ exchangeId, opened, closed, request: [request], response }))],
  };
}

/** A batch of the span journal that nobody can read. */
export function unreadable({ sequence, payload }: JournalRecord): Letter {
  let reason = "";
  try {
    decodeBatch(payload);
  } catch (error) {
    reason = reasonOf(error);
  }
  const about = aboutRecord("spans", sequence);
  return {
    about,
    stage: "read",
    reason: `it is no batch of spans: ${reason}`,
    lane: "spans",
    sequence,
    holds: "batch",
    payloads: [payload],
  };
}
