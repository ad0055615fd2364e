import { expect, test } from "vitest";
import type { Route } from "./route.ts";
import { unreachable } from "./upstream_error.ts";

const route = {
  upstream: { name: "one", origin: "http://127.0.0.1:9" },
  target: "/v1/chat/completions",
  path: "/chat/completions",
} as Route;
const failed = (code: string): Error => Object.assign(new Error("it failed"), { code });

const said: readonly { code: string; started: boolean; as: string; says: string }[] = [
  {
    code: "ECONNREFUSED",
    started: false,
    as: "upstream_unreachable",
    says: "the upstream one (http://127.0.0.1:9) could not be reached (ECONNREFUSED); check that it runs and that base_url is right",
  },
  {
    code: "UND_ERR_SOCKET",
    started: true,
    as: "upstream_unreachable",
    says: "the upstream one (http://127.0.0.1:9) broke off its reply (UND_ERR_SOCKET); what came before is not all of it",
  },
  {
    code: "UND_ERR_HEADERS_TIMEOUT",
    started: false,
    as: "upstream_timeout",
    says: "the upstream one (http://127.0.0.1:9) did not answer in time (UND_ERR_HEADERS_TIMEOUT)",
  },
  {
    code: "EMFILE",
    started: false,
    as: "overloaded",
    says: "this gateway has no connection left for the upstream one (http://127.0.0.1:9); try again shortly",
  },
  {
    code: "draining",
    started: true,
    as: "draining",
    says: "this gateway stopped before the upstream one (http://127.0.0.1:9) was done; try again",
  },
];
test.for(said)("$code, the reply begun: $started", ({ code, started, as, says }) => {
  const { code: given, message } = unreachable(failed(code), route, started);
  expect([given, message]).toEqual([as, says]);
});
