/** What the gateway itself needs to know of a JSON body. */
export interface Scanned {
  /** Why the body must not go on; the message names what was found. */
  readonly problem?: { readonly code: "too_deep" | "invalid_request"; readonly message: string };
  /** LiteLLM's `"no-log": true` or TensorZero's dry run: the caller wants no record of this call. */
  readonly noLog: boolean;
  /** Of a whole object: where the names of its control keys end. One that ends there for some readers only is at -1. */
  readonly controls?: ReadonlyMap<string, number>;
}

/** Reads a JSON body as it comes, without building a value. */
export interface JsonScan {
  /** False once there is a problem. */
  push(bytes: Buffer): boolean;
  result(): Scanned;
}

/** Deeper than any request a model API documents, far from what harms a parser behind us. */
export const MAX_DEPTH = 128;

const NO_RECORD = ["no-log", "tensorzero::dryrun"];

/**
 * Members of the request that decide something on the way. Given twice, one reader would obey the first and another the last,
 * so such a body is refused.
 */
const CONTROL_KEYS: ReadonlySet<string> = new Set(["model", "stream", "stream_options", "user", "metadata", ...NO_RECORD]);
const LONGEST_KEY = 256;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;
const LETTER_T = 0x74;

/**
 * One bounded pass over the bytes: depth, control keys that come twice, and `no-log`. What is not JSON finds its own reader
 * upstream: it goes on as it is.
 */
export function jsonScan(): JsonScan {
  let depth = 0;
  let rootIsObject = false;
  /** At depth 1 of an object, the next string is a member's name. */
  let expectName = false;
  let inString = false;
  let escaped = false;
  /** Bytes of the name being read; undefined while in any other string. */
  let name: Buffer[] | undefined;
  let member = "";
  let noLog = false;
  /** Bytes of the pushes before this one. */
  let before = 0;
  const seen = new Map<string, number>();
  let problem: Scanned["problem"];

  function nameEnds(at: number): void {
    // The names that matter are ASCII.
    const raw = (name?.length === 1 ? (name[0] as Buffer) : Buffer.concat(name ?? [])).toString("latin1");
    name = undefined;
    expectName = false;
    member = raw;
    if (raw.includes("\\")) {
      try {
        member = JSON.parse(`"${raw}"`) as string;
      } catch {
        return;
      }
    }
    // A reader written in C takes a name up to its first NUL.
    const nul = member.indexOf("\0");
    const key = nul === -1 ? member : member.slice(0, nul);
    if (!CONTROL_KEYS.has(key)) return;
    if (seen.has(key)) problem = { code: "invalid_request", message: `the body names "${key}" twice; send it once` };
    seen.set(key, nul === -1 ? before + at : -1);
  }

  /** Reads on in a string from `at`; returns where it ended, or the length when it goes on in the next bytes. */
  function readString(bytes: Buffer, at: number): number {
    const start = at;
    while (at < bytes.length) {
      if (escaped) {
        escaped = false;
        at++;
        continue;
      }
      if (name === undefined) {
        // Long texts: let memchr find the end, then see whether it was escaped.
        const quote = bytes.indexOf(QUOTE, at);
        const end = quote === -1 ? bytes.length : quote;
        let backslashes = 0;
        while (end - 1 - backslashes >= at && bytes[end - 1 - backslashes] === BACKSLASH) backslashes++;
        escaped = backslashes % 2 === 1;
        if (quote === -1) return bytes.length;
        at = quote + 1;
        if (escaped) {
          escaped = false;
          continue;
        }
        inString = false;
        return at;
      }
      const byte = bytes[at++];
      if (byte === BACKSLASH) escaped = true;
      else if (byte === QUOTE) {
        name.push(bytes.subarray(start, Math.min(at - 1, start + LONGEST_KEY)));
        inString = false;
        nameEnds(at);
        return at;
      }
    }
    name?.push(bytes.subarray(start, Math.min(at, start + LONGEST_KEY)));
    return at;
  }

  return {
    push(bytes) {
      let at = 0;
      while (at < bytes.length && problem === undefined) {
        if (inString) {
          at = readString(bytes, at);
          continue;
        }
        const byte = bytes[at++];
        if (byte === QUOTE) {
          inString = true;
          if (depth === 1 && expectName) name = [];
        } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
          if (++depth > MAX_DEPTH) {
            problem = { code: "too_deep", message: `the JSON body is nested deeper than ${MAX_DEPTH} levels; send a flatter one` };
          }
          if (depth === 1) rootIsObject = expectName = byte === OPEN_BRACE;
        } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
        else if (depth === 1 && rootIsObject) {
          if (byte === COMMA) {
            expectName = true;
            member = "";
          } else if (byte === LETTER_T && NO_RECORD.includes(member)) noLog = true;
          else if (byte === COLON) expectName = false;
        }
      }
      before += bytes.length;
      return problem === undefined;
    },
    result: () => ({
      noLog,
      ...(problem && { problem }),
      ...(rootIsObject && depth === 0 && !inString && { controls: seen }),
    }),
  };
}
