import { expect, test } from "vitest";
import type { Attributes, AttributeValue, Span } from "../../genai/span.ts";
import { aSpan } from "../processor_contract.ts";
import { scrubOptions } from "./options.ts";
import { scrub } from "./scrub.ts";

const key = Buffer.alloc(32, 1);
const user = (content: string): AttributeValue => ({ role: "user", parts: [{ type: "text", content }] });
const MAIL = "anna.keller@gmail.com";

async function scrubbed(span: Partial<Span>, options: object = {}, now?: () => number): Promise<Span> {
  const processor = scrub(scrubOptions.parse({ use: "scrub", ...options }), { key, ...(now && { now }) });
  const [out] = await processor.process([aSpan({ capture: "scrubbed", ...span })]);
  return out as Span;
}

const attributesAfter = async (attributes: Attributes, options: object = {}): Promise<Attributes> =>
  (await scrubbed({ attributes }, options)).attributes;

test("content becomes markers, what was found is counted, and the span says that it was scrubbed", async () => {
  const out = await scrubbed({
    attributes: { "gen_ai.input.messages": [user(`ask ${MAIL}`), user(`or ${MAIL}, or call +49 151 23456789`)] },
  });
  expect(out.scrubbed).toBe(true);
  expect(out.attributes).toEqual({
    "gen_ai.input.messages": [user("ask [EMAIL]"), user("or [EMAIL], or call [PHONE]")],
    "spangate.scrub.EMAIL": 2,
    "spangate.scrub.PHONE": 1,
  });
});

const covered: readonly { title: string; attribute: string; value: AttributeValue }[] = [
  { title: "system instructions", attribute: "gen_ai.system_instructions", value: [{ type: "text", content: MAIL }] },
  { title: "input messages", attribute: "gen_ai.input.messages", value: [user(MAIL)] },
  { title: "output messages", attribute: "gen_ai.output.messages", value: [user(MAIL)] },
  { title: "definitions of tools", attribute: "gen_ai.tool.definitions", value: [{ type: "function", name: "f", description: MAIL }] },
  { title: "names of tools", attribute: "gen_ai.tool.definitions", value: [{ type: "function", name: MAIL }] },
  { title: "arguments of a tool", attribute: "gen_ai.tool.call.arguments", value: { to: MAIL } },
  { title: "what a tool answered", attribute: "gen_ai.tool.call.result", value: `{"to":"${MAIL}"}` },
  { title: "prompt variables", attribute: "gen_ai.prompt.variable.customer", value: MAIL },
  { title: "error messages", attribute: "spangate.error.message", value: `no user ${MAIL}` },
  { title: "exceptions", attribute: "exception.stacktrace", value: `Error: ${MAIL}\n    at f (a.js:1:2)` },
  { title: "URLs", attribute: "url.full", value: `https://api.example.net/v1/x?user=${MAIL}` },
  { title: "paths", attribute: "url.path", value: `/v1/users/${MAIL}/x` },
  { title: "queries", attribute: "url.query", value: `mail=${MAIL.replace("@", "%40")}` },
  { title: "models", attribute: "gen_ai.request.model", value: `ft:gpt-4o:${MAIL}` },
  { title: "stop sequences", attribute: "gen_ai.request.stop_sequences", value: [MAIL] },
  { title: "user agents", attribute: "user_agent.original", value: `app (${MAIL})` },
  { title: "dimensions", attribute: "spangate.dim.customer", value: MAIL },
  { title: "ids of responses that are none", attribute: "gen_ai.response.id", value: MAIL },
  { title: "tiers of service that are none", attribute: "openai.request.service_tier", value: MAIL },
  { title: "reasons to finish that are none", attribute: "gen_ai.response.finish_reasons", value: ["stop", MAIL] },
  { title: "ids of requests that are none", attribute: "spangate.upstream.request_id", value: MAIL },
  { title: "sessions", attribute: "session.id", value: MAIL },
  { title: "attributes nobody knows", attribute: "my.own", value: MAIL },
  { title: "attributes nobody knows, nested", attribute: "my.own", value: { deep: [MAIL] } },
];
for (const { title, attribute, value } of covered) {
  test(`nothing personal is left in ${title}`, async () => {
    const before = JSON.stringify({ [attribute]: value });
    expect(before).toMatch(/anna\.keller/);
    const after = await attributesAfter({ [attribute]: value });
    expect(JSON.stringify(after)).not.toMatch(/anna|keller/i);
    expect(after["spangate.scrub.EMAIL"]).toBe(1);
  });
}

test("nothing personal is left in the names of dimensions and variables, nor in the span's name", async () => {
  const out = await scrubbed({
    name: `chat ft:${MAIL}`,
    attributes: { [`spangate.dim.${MAIL}`]: "1", [`gen_ai.prompt.variable.${MAIL}`]: "2" },
  });
  expect(JSON.stringify([out.name, out.attributes])).not.toMatch(/anna|keller/i);
  expect(Object.keys(out.attributes).filter((name) => /dim|variable/.test(name))).toHaveLength(2);
});

test("a dimension or variable is what its name says", async () => {
  const after = await attributesAfter({
    "spangate.dim.first-name": "zyx",
    "spangate.dim.password": "open sesame",
    "spangate.dim.api_key": "x ".repeat(200),
    "gen_ai.prompt.variable.lastName": "zyx",
  });
  expect(after).toMatchObject({
    "spangate.dim.first-name": expect.stringMatching(/^PERSON_[a-z2-7]{10}$/),
    "spangate.dim.password": expect.stringMatching(/^PASSWORD_[a-z2-7]{10}$/),
    "spangate.dim.api_key": expect.stringMatching(/^SECRET_[a-z2-7]{10}$/),
    "gen_ai.prompt.variable.lastName": "[PERSON]",
  });
});

test("what we or the provider made up stays as it is", async () => {
  const attributes = {
    "gen_ai.response.id": "chatcmpl-4111111111111111",
    "gen_ai.provider.name": "openai",
    "user.hash": "4111111111111111",
    "spangate.upstream.request_id": "req_4111111111111111",
    "http.response.status_code": 200,
  };
  expect(await attributesAfter(attributes)).toEqual(attributes);
});

test("ids get pseudonyms, so that what belongs together stays together", async () => {
  const one = await attributesAfter({ "session.id": MAIL });
  const same = await attributesAfter({ "session.id": MAIL.toUpperCase(), "spangate.dim.by": MAIL });
  const other = await attributesAfter({ "session.id": `x${MAIL}` });
  expect(one["session.id"]).toMatch(/^EMAIL_[a-z2-7]{10}$/);
  expect(same["session.id"]).toBe(one["session.id"]);
  expect(same["spangate.dim.by"]).toBe(one["session.id"]);
  expect(other["session.id"]).not.toBe(one["session.id"]);
});

test("each tenant has its operators, and pseudonyms of its own", async () => {
  const options = { operators: { EMAIL: "hmac" }, tenants: { loud: { operator: "mask", operators: { EMAIL: "drop" } } } };
  const [one, other, loud] = await Promise.all(
    ["one", "other", "loud"].map(
      async (tenant) => (await scrubbed({ tenant, attributes: { "gen_ai.input.messages": [user(`ask ${MAIL}`)] } }, options)).attributes,
    ),
  );
  const text = (attributes: Attributes | undefined): string => JSON.stringify(attributes?.["gen_ai.input.messages"]);
  expect(text(one)).toMatch(/ask EMAIL_[a-z2-7]{10}/);
  expect(text(other)).toMatch(/ask EMAIL_[a-z2-7]{10}/);
  expect(text(one)).not.toBe(text(other));
  expect(text(loud)).toBe(JSON.stringify([user("ask ")]));
});

test("tier full is left alone, tier metadata is not", async () => {
  const attributes = { "session.id": MAIL };
  const full = aSpan({ capture: "full", attributes });
  const processor = scrub(scrubOptions.parse({ use: "scrub" }), { key });
  expect(await processor.process([full])).toEqual([full]);
  expect((await scrubbed({ capture: "metadata", attributes })).attributes["session.id"]).toMatch(/^EMAIL_/);
});

test("scrubbing twice is scrubbing once", async () => {
  const processor = scrub(scrubOptions.parse({ use: "scrub" }), { key });
  const once = await processor.process([aSpan({ capture: "scrubbed", attributes: { "gen_ai.input.messages": [user(MAIL)] } })]);
  expect(await processor.process(once)).toEqual(once);
});

test("a name that one message tells is known in the others", async () => {
  const messages = [user("My name is Siobhan Gallagher."), user("Thanks, Siobhan! Gallagher, is that right?")];
  const { "gen_ai.input.messages": after } = await attributesAfter({ "gen_ai.input.messages": messages });
  expect(JSON.stringify(after)).not.toMatch(/Siobhan|Gallagher/);
});

test("when the time for a span is over, the rest of its content is taken off and counted", async () => {
  let time = 0;
  const out = await scrubbed(
    { attributes: { "gen_ai.input.messages": [user("first"), user("second"), user("third")] } },
    { budget_ms: 2 },
    () => time++,
  );
  expect(out.attributes["gen_ai.input.messages"]).toEqual([user("first"), user("second"), user("[UNSCANNED:budget]")]);
  expect(out.attributes["spangate.scrub.UNSCANNED"]).toBeGreaterThanOrEqual(1);
});

test("of a span that cannot be scrubbed only what is nobody's stays", async () => {
  const broken: Attributes = Object.defineProperty({ "gen_ai.response.id": "r1", "session.id": MAIL, n: 5 }, "gen_ai.input.messages", {
    enumerable: true,
    get: () => [
      {
        toJSON: () => {
          throw new RangeError("Invalid string length");
        },
      },
    ],
  });
  const problems: string[] = [];
  const processor = scrub(scrubOptions.parse({ use: "scrub" }), { key, onProblem: (problem) => problems.push(problem) });
  const [out] = await processor.process([aSpan({ capture: "scrubbed", name: MAIL, attributes: broken })]);
  expect(out?.attributes).toEqual({ "gen_ai.response.id": "r1", n: 5, "spangate.scrub.UNSCANNED": 1 });
  expect(out?.name).toBe("[UNSCANNED:error]");
  expect(problems.join()).toContain("could not be scanned");
});

test("what was scrubbed before is not looked at again", async () => {
  const processor = scrub(scrubOptions.parse({ use: "scrub" }), { key });
  const long = user(`${"The parcel did not arrive, and nobody answers. ".repeat(2000)} ${MAIL}`);
  const run = async (message: AttributeValue): Promise<number> => {
    const begun = performance.now();
    await processor.process([aSpan({ capture: "scrubbed", attributes: { "gen_ai.input.messages": [message] } })]);
    return performance.now() - begun;
  };
  const first = await run(long);
  const second = Math.min(await run(structuredClone(long)), await run(structuredClone(long)));
  expect(second).toBeLessThan(first / 2);
});
