import type { IncomingMessage, ServerResponse } from "node:http";
import { arrive, type Arrival, type Call } from "./accept.ts";
import type { Caller } from "./authorise.ts";
import { ClientLeft, type Body } from "./body.ts";
import type { Capture, Captured } from "./capture.ts";
import { GatewayError } from "./error.ts";
import { sendError } from "./refuse.ts";
import type { Route } from "./route.ts";

/** The steps of a call, in the order they are taken. Those that return may throw a `GatewayError` to refuse it. */
export interface Relay {
  readonly accept: (arrival: Arrival) => Call;
  readonly authorise: (call: Call) => Caller;
  readonly route: (call: Call) => Route;
  readonly readBody: (call: Call) => Promise<Body>;
  readonly capture: Capture;
  readonly forward: (call: Call, route: Route, body: Body, captured: Captured, response: ServerResponse) => Promise<void>;
  /** Told of what should not happen: an error that is no refusal. */
  readonly onError: (error: unknown) => void;
}

/** One exchange, from the client's first byte to its last. Never rejects: how it ended is in the record. */
export async function relay(request: IncomingMessage, response: ServerResponse, steps: Relay, asksToContinue = false): Promise<void> {
  const arrival = arrive(request);
  let caller: Caller | undefined;
  let route: Route | undefined;
  try {
    const call = steps.accept(arrival);
    caller = steps.authorise(call);
    route = steps.route(call);
    if (asksToContinue) response.writeContinue();
    const body = await steps.readBody(call);
    const captured = steps.capture.call(call, caller, route, body.noLog); // tier, opt-out and header allow-list are decided here
    await steps.forward(call, route, body, captured, response);
  } catch (error) {
    refuse(steps.capture.refusal(arrival, caller, route), arrival, error, response, steps);
  }
}

function refuse({ recording, traceId }: Captured, arrival: Arrival, error: unknown, response: ServerResponse, steps: Relay): void {
  if (error instanceof ClientLeft) {
    void recording.end({ ending: "abandoned", attempts: [], overheadUs: 0 });
    response.destroy();
    return;
  }
  const known = error instanceof GatewayError;
  if (!known) steps.onError(error);
  const rejection = known ? error.code : "internal_error";
  void recording.end({ ending: "rejected", rejection, status: known ? error.status : 500, attempts: [], overheadUs: 0 });
  if (response.headersSent) response.destroy();
  else sendError(response, error, { traceId, exchangeId: arrival.exchangeId });
}
