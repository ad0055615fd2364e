import { describe, expect, test } from "vitest";
import type { RequestFacts } from "./dialect.ts";
import { GATEWAY_ONLY_HEADERS, METADATA_HEADERS, readMetadata, type HeaderNames } from "./metadata.ts";
import type { Header } from "./recorded.ts";

const cases: readonly {
  readonly title: string;
  readonly headers?: readonly Header[];
  readonly body?: Partial<RequestFacts>;
  readonly read: object;
}[] = [
  {
    title: "our own headers",
    headers: [
      ["x-spangate-user", "ann"],
      ["x-spangate-conversation", "c1"],
      ["x-spangate-session", "s1"],
      ["x-spangate-dim-team", "blue"],
      ["x-spangate-request-id", "r1"],
      ["x-spangate-workflow", "w1"],
      ["x-spangate-phase", "plan"],
      ["x-spangate-interaction-type", "outline"],
      ["x-spangate-prompt-name", "greet"],
      ["x-spangate-prompt-version", "3"],
      ["x-spangate-prompt-variables", '{"who":"Ann","n":2}'],
      ["x-spangate-credits", "1.5"],
    ],
    read: {
      user: "ann",
      conversation: "c1",
      session: "s1",
      dimensions: { team: "blue" },
      requestId: "r1",
      workflow: "w1",
      phase: "plan",
      interactionType: "outline",
      promptName: "greet",
      promptVersion: "3",
      promptVariables: { who: "Ann", n: "2" },
      credits: 1.5,
    },
  },
  {
    title: "Helicone's",
    headers: [
      ["helicone-user-id", "ann"],
      ["helicone-session-id", "s1"],
      ["helicone-session-path", "/a/b"],
      ["helicone-session-name", "chat"],
      ["helicone-property-team", "blue"],
      ["helicone-request-id", "r1"],
      ["helicone-prompt-id", "greet"],
    ],
    read: {
      user: "ann",
      session: "s1",
      conversation: "s1",
      dimensions: { team: "blue", session_path: "/a/b", session_name: "chat" },
      requestId: "r1",
      promptName: "greet",
    },
  },
  {
    title: "Portkey's",
    headers: [["x-portkey-metadata", '{"_user":"ann","_environment":"test","team":"blue","deep":{"x":1}}']],
    read: { user: "ann", dimensions: { _environment: "test", team: "blue" } },
  },
  {
    title: "a user by any spelling, and never as a dimension",
    headers: [
      ["helicone-property-userid", "ann"],
      ["x-portkey-metadata", '{"UserId":"bob","team":"blue"}'],
    ],
    read: { user: "ann", dimensions: { team: "blue" } },
  },
  {
    title: "LiteLLM's",
    headers: [
      ["x-litellm-end-user-id", "ann"],
      ["x-litellm-session-id", "s1"],
      ["x-litellm-tags", "a,b"],
      ["x-litellm-spend-logs-metadata", '{"team":"blue"}'],
    ],
    read: { user: "ann", session: "s1", conversation: "s1", dimensions: { tags: "a,b", team: "blue" } },
  },
  { title: "LiteLLM's customer", headers: [["x-litellm-customer-id", "ann"]], read: { user: "ann" } },
  {
    title: "Bifrost's",
    headers: [
      ["x-bf-session-id", "s1"],
      ["x-bf-dim-team", "blue"],
    ],
    read: { session: "s1", conversation: "s1", dimensions: { team: "blue" } },
  },
  {
    title: "Cloudflare's",
    headers: [
      ["cf-aig-metadata", '{"team":"blue","paid":true}'],
      ["cf-aig-event-id", "r1"],
    ],
    read: { dimensions: { team: "blue", paid: "true" }, requestId: "r1" },
  },
  {
    title: "Langfuse's",
    headers: [
      ["langfuse_trace_user_id", "ann"],
      ["langfuse_trace_metadata", '{"team":"blue"}'],
    ],
    read: { user: "ann", dimensions: { team: "blue" } },
  },
  {
    title: "OpenRouter's",
    headers: [
      ["x-session-id", "s1"],
      ["x-title", "App"],
      ["x-openrouter-categories", "code,chat"],
    ],
    read: { session: "s1", conversation: "s1", app: "App", dimensions: { categories: "code,chat" } },
  },
  { title: "Envoy's", headers: [["agent-session-id", "s1"]], read: { session: "s1", conversation: "s1" } },
  {
    title: "baggage",
    headers: [
      ["baggage", "team=blue%20sky;ttl=1, user.id=ann,session.id=s1"],
      ["baggage", "bad%zz=1,empty=,lonely"],
    ],
    read: { user: "ann", session: "s1", conversation: "s1", dimensions: { team: "blue sky", "bad%zz": "1" } },
  },
  { title: "a conversation in baggage", headers: [["baggage", "gen_ai.conversation.id=c1"]], read: { conversation: "c1" } },
  {
    title: "the body",
    body: {
      user: "ann",
      conversation: "c1",
      session: "s1",
      metadata: { team: "blue" },
      prompt: { name: "greet", version: "1", variables: { who: "Ann" } },
    },
    read: {
      user: "ann",
      conversation: "c1",
      session: "s1",
      dimensions: { team: "blue" },
      promptName: "greet",
      promptVersion: "1",
      promptVariables: { who: "Ann" },
    },
  },
  {
    title: "ours before others' before the body's",
    headers: [
      ["helicone-user-id", "bob"],
      ["x-spangate-user", "ann"],
      ["helicone-property-team", "red"],
      ["x-spangate-dim-team", "blue"],
      ["x-bf-dim-size", "xl"],
    ],
    body: { user: "cem", metadata: { team: "green", size: "s", floor: "3" } },
    read: { user: "ann", dimensions: { team: "blue", size: "xl", floor: "3" } },
  },
  {
    title: "others' before the body's",
    headers: [
      ["helicone-user-id", "bob"],
      ["x-session-id", "s1"],
    ],
    body: { user: "cem", session: "s2" },
    read: { user: "bob", session: "s1", conversation: "s1" },
  },
  {
    title: "a user in the metadata, who becomes no dimension",
    body: { metadata: { user_id: "ann", team: "blue" } },
    read: { user: "ann", dimensions: { team: "blue" } },
  },
  {
    title: "a version only with the name it belongs to",
    headers: [["x-spangate-prompt-name", "greet"]],
    body: { prompt: { name: "other", version: "9", variables: {} } },
    read: { promptName: "greet" },
  },
  {
    title: "nothing in malformed values",
    headers: [
      ["x-portkey-metadata", "{"],
      ["cf-aig-metadata", "[1]"],
      ["x-spangate-prompt-variables", "null"],
      ["x-spangate-credits", "-1"],
      ["x-spangate-user", "  "],
    ],
    read: {},
  },
  {
    title: "UTF-8 that was read as Latin-1",
    headers: [
      ["x-spangate-dim-name", Buffer.from("Jürgen").toString("latin1")],
      ["x-spangate-dim-city", "K\xf6ln"],
    ],
    read: { dimensions: { name: "Jürgen", city: "Köln" } },
  },
];

describe("metadata", () => {
  for (const { title, headers = [], body, read } of cases) {
    test(`reads ${title}`, () => {
      const facts = body && { attributes: {}, inputMessages: [], ...body };
      expect(readMetadata(headers, facts)).toEqual({ promptVariables: {}, dimensions: {}, ...read });
    });
  }

  test("takes a key like __proto__ for a key like any other", () => {
    const { dimensions, promptVariables } = readMetadata(
      [
        ["x-portkey-metadata", '{"__proto__":"a","constructor":"b"}'],
        ["x-spangate-dim-__proto__", "c"],
        ["baggage", "__proto__=d"],
        ["x-spangate-prompt-variables", '{"__proto__":"e"}'],
      ],
      undefined,
    );
    expect(Object.entries(dimensions)).toEqual([
      ["__proto__", "c"],
      ["constructor", "b"],
    ]);
    expect(Object.entries(promptVariables)).toEqual([["__proto__", "e"]]);
    expect(({} as { a?: string }).a).toBeUndefined();
  });

  test("keeps a bounded number of values of bounded size", () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, "v".repeat(5000)]));
    const { dimensions } = readMetadata([["cf-aig-metadata", JSON.stringify({ ["x".repeat(500)]: "long", ...many })]], undefined);
    expect(Object.keys(dimensions)).toHaveLength(64);
    expect(new Set(Object.values(dimensions).map((value) => value.length))).toEqual(new Set([1024]));
  });
});

function has({ names, prefixes }: HeaderNames, name: string): boolean {
  return names.includes(name) || prefixes.some((prefix) => name.startsWith(prefix));
}

describe("headers", () => {
  for (const name of [
    "helicone-auth",
    "x-portkey-api-key",
    "x-litellm-api-key",
    "x-bf-vk",
    "x-bf-api-key",
    "cf-aig-authorization",
    "x-spangate-key",
  ]) {
    test(`${name} is removed and never kept`, () => {
      expect([has(GATEWAY_ONLY_HEADERS, name), has(METADATA_HEADERS, name)]).toEqual([true, false]);
    });
  }

  for (const name of [
    "traceparent",
    "tracestate",
    "baggage",
    "user-agent",
    "idempotency-key",
    "openai-project",
    "x-openrouter-title",
    "http-referer",
  ]) {
    test(`${name} goes on to the upstream`, () => {
      expect(has(GATEWAY_ONLY_HEADERS, name)).toBe(false);
    });
  }
});
