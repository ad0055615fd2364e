import { TIERS, type Opened, type Tier } from "../genai/recorded.ts";
import type { Audit, Durability } from "../journal/options.ts";
import type { Arrival, Call } from "./accept.ts";
import type { Caller } from "./authorise.ts";
import type { Counters } from "./counters.ts";
import { GatewayError } from "./error.ts";
import { newSpanId, newTraceId } from "./identity.ts";
import type { Recorder } from "./recorder.ts";
import { NOT_RECORDED, type Recording } from "./recording.ts";
import type { Route } from "./route.ts";
import { traceIds } from "./trace_context.ts";
import type { Upstream } from "./upstream.ts";

export interface CaptureOptions {
  readonly recorder: Recorder;
  readonly counters: Counters;
  readonly durability: Durability;
  readonly audit: Audit;
  readonly tier: Tier;
  readonly traceContext: "continue" | "link" | "ignore";
}

/** What may be kept of a call, decided before its first byte is recorded. */
export interface Captured {
  readonly recording: Recording;
  readonly traceId: string;
}

export interface Capture {
  /** Throws a `GatewayError` for a call that must be recorded and cannot be. */
  call(call: Call, caller: Caller, route: Route, noLog: boolean): Captured;
  /** A call that was refused before all of that was known: only that it came, and why it went no further. */
  refusal(arrival: Arrival, caller?: Caller): Captured;
}

const TRUE = /^(true|1|yes|on)$/i;
const FALSE = /^(false|0|no|off)$/i;

export function capture({ recorder, counters, durability, audit, tier, traceContext }: CaptureOptions): Capture {
  /** How much of a call may be kept: what is set for its caller and its upstream, or else for all, lowered by what its headers ask for. */
  function tierFor(caller: Caller | undefined, upstream: Upstream | undefined, read: ReadonlyMap<string, string>): Tier {
    return wantsNoRecord(read) ? "none" : lowered(lower(caller?.capture, upstream?.capture) ?? tier, read);
  }

  function open(opened: Opened, startedMs: number, safe: Durability): Recording {
    if (opened.tier !== "none" && safe !== "off") return recorder.open(opened, startedMs, safe);
    counters.count("unrecorded");
    return NOT_RECORDED;
  }

  return {
    call(call, caller, { upstream, path }, noLog) {
      if ((caller.audit ?? audit) === "required" && !recorder.able) throw unavailable();
      const ids = traceIds(call, traceContext);
      const opened: Opened = {
        exchangeId: call.exchangeId,
        tenant: caller.tenant,
        ...(caller.name !== undefined && { caller: caller.name }),
        tier: noLog ? "none" : tierFor(caller, upstream, call.read),
        ...ids,
        startedAtUs: call.startedAtUs,
        method: call.method,
        path: call.path,
        query: redactQuery(call.query),
        headers: call.kept,
        ...clientAddress(call),
        upstream: {
          name: upstream.name,
          ...(upstream.dialect !== undefined && { dialect: upstream.dialect }),
          address: upstream.address,
          port: upstream.port,
          scheme: upstream.scheme,
          basePath: upstream.basePath,
          path,
        },
      };
      return { recording: open(opened, call.startedMs, caller.durability ?? durability), traceId: ids.traceId };
    },
    refusal(arrival, caller) {
      const traceId = newTraceId();
      const opened: Opened = {
        exchangeId: arrival.exchangeId,
        tenant: caller?.tenant ?? "default",
        ...(caller?.name !== undefined && { caller: caller.name }),
        tier: tierFor(caller, undefined, headersOf(arrival)) === "none" ? "none" : "metadata",
        traceId,
        spanId: newSpanId(),
        startedAtUs: arrival.startedAtUs,
        method: arrival.method,
        // A target in absolute form may carry a name and a password.
        path: arrival.path.slice(0, 1024).replace(/\/\/[^/@]*@/, "//"),
        query: "",
        headers: [],
        ...clientAddress(arrival),
      };
      return { recording: open(opened, arrival.startedMs, caller?.durability ?? durability), traceId };
    },
  };
}

function unavailable(): GatewayError {
  return new GatewayError(
    "audit_unavailable",
    "calls of this client must be recorded, and the disk takes no records now; try again shortly",
  );
}

function clientAddress({ request }: Arrival): { clientAddress?: string } {
  const address = request.socket.remoteAddress;
  return address === undefined ? {} : { clientAddress: address };
}

/** Also of a request whose head was never accepted. */
function headersOf({ request }: Arrival): ReadonlyMap<string, string> {
  return new Map(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
}

/** Of two tiers the one that keeps less. */
function lower(one: Tier | undefined, other: Tier | undefined): Tier | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return TIERS.indexOf(one) > TIERS.indexOf(other) ? one : other;
}

/** A header can only lower the tier. One that is misspelt keeps content out: whoever sent it wanted less to be kept, not more. */
function lowered(tier: Tier, read: ReadonlyMap<string, string>): Tier {
  const asked = said(read, "x-spangate-capture").map((each) => TIERS.indexOf(each.toLowerCase() as Tier));
  const says = (name: string, what: RegExp): boolean => said(read, name).some((each) => what.test(each));
  const omits =
    asked.includes(-1) ||
    says("helicone-omit-request", TRUE) ||
    says("helicone-omit-response", TRUE) ||
    says("x-portkey-debug", FALSE) ||
    says("cf-aig-collect-log-payload", FALSE) ||
    says("x-bf-disable-content-logging", TRUE) ||
    says("x-litellm-enable-message-redaction", TRUE);
  return TIERS[Math.max(TIERS.indexOf(tier), ...asked, omits ? TIERS.indexOf("metadata") : 0)] ?? tier;
}

function wantsNoRecord(read: ReadonlyMap<string, string>): boolean {
  return (
    said(read, "x-spangate-record").some((each) => FALSE.test(each)) ||
    said(read, "cf-aig-collect-log").some((each) => FALSE.test(each)) ||
    (read.get("x-litellm-disable-callbacks") ?? "") !== ""
  );
}

/** What a header says, once for each of its lines. Whoever asks for less than others did is heard. */
function said(read: ReadonlyMap<string, string>, name: string): readonly string[] {
  return (
    read
      .get(name)
      ?.split(",")
      .map((each) => each.trim()) ?? []
  );
}

/** Some APIs take a key as a parameter; no value of such a name reaches a record. */
const KEY_LIKE = /key|token|secret|passw|pwd|credential|signature|^sig$|^sas$|^code$|jwt|bearer|auth/i;

function redactQuery(query: string): string {
  if (query.length <= 1) return "";
  return query
    .slice(1, 4096)
    .split(/([&;])/)
    .map((pair) => {
      const name = pair.split("=", 1)[0] ?? "";
      return KEY_LIKE.test(decodeName(decodeName(name))) ? `${name}=[redacted]` : pair;
    })
    .join("");
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
