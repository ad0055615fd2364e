import { dialectFor } from "../genai/dialects/index.ts";
import type { Call } from "./accept.ts";
import type { Body } from "./body.ts";
import { isSealed } from "./headers.ts";
import type { Route } from "./route.ts";

const STREAMS = /^[ \t\r\n]*:[ \t\r\n]*true(?=[ \t\r\n]*[,}])/;
/** `null`, or an object that holds neither another nor a list. */
const OPTIONS = /^[ \t\r\n]*:[ \t\r\n]*(null(?=[ \t\r\n]*[,}])|\{(?:[^{}[\]"]|"(?:[^"\\]|\\.)*")*\})/;
const USAGE = /"include_usage"([ \t\r\n]*:[ \t\r\n]*)(?:false|null)/;
const ASKED = '"include_usage":true';

/** More than a member of the request has that is looked at here. */
const MOST_BYTES = 2048;

/** The body to send in place of a call's own, so that its stream does not end without usage; undefined where that one is sent. */
export function askUsage(call: Call, { upstream, path }: Route, { beginning, controls, hold }: Body): Buffer | undefined {
  if (controls === undefined || !dialectFor(call.method, path, upstream.dialect)?.usageOnRequest) return undefined;
  const asking = withUsage(beginning, controls);
  return asking !== undefined && !isSealed(call.forward) && hold(asking.length) ? asking : undefined;
}

/**
 * The body of a request for a stream with `stream_options.include_usage` in it, where the caller left that out or said no; every other byte
 * is the caller's. Undefined for a body that stays as it is: it asks for no stream, or for usage already, or its options are not
 * understood. `controls` says where the names of its control keys end.
 */
export function withUsage(body: Buffer, controls: ReadonlyMap<string, number>): Buffer | undefined {
  const stream = valueBehind(controls.get("stream"), STREAMS, body);
  if (stream === undefined) return undefined;
  if (!controls.has("stream_options")) return splice(body, stream.end, stream.end, `,"stream_options":{${ASKED}}`);
  const options = valueBehind(controls.get("stream_options"), OPTIONS, body);
  if (options === undefined) return undefined;
  const asking = asked(options.text);
  return asking === undefined ? undefined : splice(body, options.end - options.text.length, options.end, asking);
}

/** The value of the member whose name ends at `at`, a character for each byte, and where it ends. */
function valueBehind(at = -1, pattern: RegExp, body: Buffer): { readonly text: string; readonly end: number } | undefined {
  const found = at === -1 ? null : pattern.exec(body.toString("latin1", at, at + MOST_BYTES));
  return found === null ? undefined : { text: found[1] ?? "", end: at + found[0].length };
}

function asked(options: string): string | undefined {
  if (options === "null") return `{${ASKED}}`;
  const given = parsed(options);
  if (given === undefined) return undefined;
  if (!Object.hasOwn(given, "include_usage")) return options.replace("{", Object.keys(given).length === 0 ? `{${ASKED}` : `{${ASKED},`);
  if (given["include_usage"] !== false && given["include_usage"] !== null) return undefined;
  const asking = options.replace(USAGE, '"include_usage"$1true');
  // Behind an escape, or given twice, it may read as before.
  return parsed(asking)?.["include_usage"] === true && options.split('"include_usage"').length === 2 ? asking : undefined;
}

function parsed(options: string): { readonly [name: string]: unknown } | undefined {
  try {
    return JSON.parse(options) as { readonly [name: string]: unknown };
  } catch {
    return undefined;
  }
}

function splice(body: Buffer, from: number, to: number, between: string): Buffer {
  return Buffer.concat([body.subarray(0, from), Buffer.from(between, "latin1"), body.subarray(to)]);
}
