import { describe, expect, test } from "vitest";
import { errorType, readError } from "./provider_error.ts";

const shapes = [
  {
    title: "OpenAI's envelope",
    body: { error: { message: "Too fast", type: "requests", param: null, code: "rate_limit_exceeded" } },
    error: { message: "Too fast", type: "requests", code: "rate_limit_exceeded" },
    type: "rate_limit_exceeded",
  },
  {
    title: "an envelope without a code",
    body: { error: { message: "Bad", type: "invalid_request_error", param: "model", code: null } },
    error: { message: "Bad", type: "invalid_request_error", param: "model" },
    type: "invalid_request_error",
  },
  {
    title: "Azure's inner error",
    body: { error: { message: "Filtered", innererror: { code: "ResponsibleAIPolicyViolation" } } },
    error: { message: "Filtered", code: "ResponsibleAIPolicyViolation" },
    type: "ResponsibleAIPolicyViolation",
  },
  {
    title: "a numeric code with a status, in an array",
    body: [{ error: { code: 429, message: "Quota", status: "RESOURCE_EXHAUSTED" } }],
    error: { code: "429", message: "Quota", type: "RESOURCE_EXHAUSTED" },
    type: "RESOURCE_EXHAUSTED",
  },
  { title: "a bare text", body: { error: "model is loading" }, error: { message: "model is loading" }, type: "400" },
  { title: "`detail`", body: { detail: "Not Found" }, error: { message: "Not Found" }, type: "400" },
  {
    title: "a list of details",
    body: { detail: [{ loc: ["body"], msg: "field required" }] },
    error: { message: "field required" },
    type: "400",
  },
  {
    title: "a message at the top",
    body: { object: "error", message: "No such model", type: "NotFoundError", code: 404 },
    error: { message: "No such model", type: "NotFoundError", code: "404" },
    type: "NotFoundError",
  },
  {
    title: "a list of errors",
    body: { success: false, errors: [{ code: 1000, message: "Bad gateway" }] },
    error: { code: "1000", message: "Bad gateway" },
    type: "400",
  },
  { title: "plain text", body: "upstream connect error", error: { message: "upstream connect error" }, type: "400" },
  { title: "nothing at all", body: undefined, error: {}, type: "400" },
];

describe("a provider's error", () => {
  for (const { title, body, error, type } of shapes) {
    test(`is read from ${title}`, () => {
      expect(readError(body, true)).toEqual(error);
      expect(errorType(error, 400)).toBe(type);
    });
  }

  test("is not seen in a reply that has none", () => {
    expect(readError({ id: "resp_1", error: null, detail: "low", message: "hello" })).toBeUndefined();
  });

  test("keeps ids and sentences out of error.type", () => {
    expect(errorType({ code: "req_8f14e45fceea167a5a36dedd4bea2543" }, 500)).toBe("500");
    expect(errorType({ code: "the model is overloaded" }, undefined)).toBe("_OTHER");
  });
});
