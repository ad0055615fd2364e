import type { Attempt, Ending, Header } from "../genai/recorded.ts";

/** How an exchange ended and what was measured of it; offsets in microseconds since its start. */
export interface Ended {
  readonly ending: Ending;
  /** A socket code, `timeout`, … when it did not complete. */
  readonly error?: string;
  /** The gateway's own error code, with `rejected`. */
  readonly rejection?: string;
  /** Status the client saw, when the reply had no head from upstream. */
  readonly status?: number;
  readonly sentUs?: number;
  readonly firstByteUs?: number;
  readonly attempts: readonly Attempt[];
  readonly overheadUs: number;
  /** Usage was asked for by the gateway, not by the client. */
  readonly usageAsked?: true;
}

/** One exchange on its way to the intake journal. Never throws, never rejects: what cannot be kept is counted by reason. */
export interface Recording {
  /** Bytes of the request, as they came from the client. */
  request(bytes: Buffer): void;
  /** Head of the upstream's reply. */
  head(status: number, headers: readonly Header[]): void;
  /** Bytes of the reply, as they came from the upstream. */
  chunk(bytes: Buffer): void;
  /** Resolves once the record is as safe as `durability` asks, or the bound has passed. Only the first end counts. */
  end(ended: Ended): Promise<void>;
}

const DONE = Promise.resolve();

/** Keeps nothing, for calls that must not be recorded. */
export const NOT_RECORDED: Recording = {
  request() {},
  head() {},
  chunk() {},
  end: () => DONE,
};
