import { readFileSync } from "node:fs";
import OpenAI from "openai";
import { expect, test } from "vitest";
import { envelope, GatewayError, STATUS_BY_CODE } from "./error.ts";
import type { ErrorCode } from "./error.ts";

const cases = [
  { code: "invalid_request", status: 400, type: "invalid_request_error", thrown: OpenAI.BadRequestError },
  { code: "unauthorized", status: 401, type: "authentication_error", thrown: OpenAI.AuthenticationError },
  { code: "unknown_upstream", status: 404, type: "invalid_request_error", thrown: OpenAI.NotFoundError },
  { code: "upstream_timeout", status: 504, type: "server_error", thrown: OpenAI.InternalServerError },
] as const;
for (const { code, status, type, thrown } of cases) {
  test(`${code} reaches the openai client as ${thrown.name} with its code and message`, () => {
    const error = new GatewayError(code, "what happened; what to do");
    const body = envelope(error);
    expect(error.status).toBe(status);
    expect(body).toEqual({ error: { message: "what happened; what to do", type, param: null, code } });

    const seen = OpenAI.APIError.generate(error.status, body, undefined, new Headers());
    expect(seen).toBeInstanceOf(thrown);
    expect(seen).toMatchObject({ status, code, type, message: `${status} what happened; what to do` });
  });
}

test("keeps the reason underneath for the log and out of the reply", () => {
  const cause = new Error("connect ECONNREFUSED 10.0.0.7:443");
  const error = new GatewayError("upstream_unreachable", "cannot reach upstream openai", { cause });
  expect(error.cause).toBe(cause);
  expect(JSON.stringify(envelope(error))).not.toContain("10.0.0.7");
});

test("an error that was not written for clients reads internal error", () => {
  const body = envelope(new TypeError("cannot read properties of undefined (reading 'sk-live')"));
  expect(body).toEqual({ error: { message: "internal error", type: "server_error", param: null, code: null } });
});

const entries = [
  ...readFileSync(new URL("../docs/errors.md", import.meta.url), "utf8").matchAll(/^## `(\w+)` \((\d+)\)\n\n(?<text>[^#]+)/gm),
];

test("docs/errors.md has one entry for every code, and no other", () => {
  expect(entries.map(([, code, status]) => [code, Number(status)])).toEqual(Object.entries(STATUS_BY_CODE));
});

test("every entry says the cause and what to do", () => {
  const texts = Object.fromEntries(entries.map((entry) => [entry[1] as ErrorCode, entry.groups?.["text"] ?? ""]));
  for (const code of Object.keys(STATUS_BY_CODE)) {
    expect(texts[code as ErrorCode], code).toMatch(/\*\*Cause:\*\* .{20,}/);
    expect(texts[code as ErrorCode], code).toMatch(/\*\*What to do:\*\* .{20,}/);
  }
});
