import { expect, test } from "vitest";
import { assertConserved, assertNone, differences, settled, type Stored } from "./conservation.ts";
import { startGateway } from "./gateway.ts";
import { ledgerClient, type LedgerCall } from "./ledger.ts";
import { scriptedUpstream, sha256, type CallScript } from "./scripted_upstream.ts";

const script = (id: string, more: Partial<CallScript> = {}): CallScript => ({ id, stream: true, words: 5, everyMs: 5, ...more });

test("the accounts of calls that end in every way agree", { timeout: 90_000 }, async () => {
  await using up = await scriptedUpstream();
  await using gateway = await startGateway({
    config: { default_upstream: "up", upstreams: { up: { base_url: up.url } }, capture: "full" },
  });
  using client = ledgerClient(() => gateway.dataUrl);
  const calls = await Promise.all([
    ...Array.from({ length: 10 }, (_, i) => client.call(script(`t-stream-${i}`))),
    ...Array.from({ length: 10 }, (_, i) => client.call(script(`t-json-${i}`, { stream: false }))),
    client.call(script("t-left", { words: 100, everyMs: 20 }), 300),
    client.call(script("t-left-early", { words: 100, everyMs: 20, stream: false }), 300),
    client.call(script("t-cut", { cutAfter: 3 })),
    client.call(script("t-cut-json", { cutAfter: 3, stream: false })),
  ]);
  expect(Object.fromEntries([...Map.groupBy(calls, ({ ending }) => ending)].map(([ending, all]) => [ending, all.length]))).toEqual({
    completed: 20,
    aborted: 2,
    broken: 2,
  });
  expect(calls[0]).toMatchObject({
    status: 200,
    text: "t-stream-0/0 t-stream-0/1 t-stream-0/2 t-stream-0/3 t-stream-0/4 ",
    usage: { prompt_tokens: 12, completion_tokens: 5 },
  });
  const account = await settled(gateway, "t-", { ledger: client.ledger, upstream: up.log });
  assertNone(account.differences);
  expect(account.stored).toHaveLength(24);
  expect(await assertConserved(gateway)).toMatchObject({ appended: 48, stored: 48 });
  // What agrees would not without one of its rows, or with one of them twice.
  expect(differences(account.stored.slice(1), { ledger: client.ledger, upstream: up.log })).toHaveLength(1);
});

const called: LedgerCall = {
  script: script("a"),
  asked: "What is a?",
  askedSha256: sha256("asked"),
  ending: "completed",
  status: 200,
  said: undefined,
  exchangeId: "x",
  bytes: 1,
  sha256: "",
  text: "a/0 a/1 a/2 a/3 a/4 ",
  usage: { prompt_tokens: 12, completion_tokens: 5 },
  startedMs: 1000,
  firstByteMs: 1010,
  endedMs: 1100,
};
const row: Stored = {
  id: "a",
  ending: "completed",
  responseId: "chatcmpl-a",
  tokensIn: 12,
  tokensOut: 5,
  asked: "What is a?",
  answered: called.text,
};
const broken: Partial<LedgerCall> = { ending: "broken", text: "a/0 " };
const long = { startedMs: 1000, firstByteMs: 1010, endedMs: 3000 };

const cases: readonly {
  readonly title: string;
  readonly call?: Partial<LedgerCall>;
  readonly rows: readonly Stored[];
  readonly kills?: readonly number[];
  readonly found: readonly string[];
}[] = [
  { title: "one call stored once", rows: [row], found: [] },
  { title: "a call that is not there", rows: [], found: ["lost"] },
  { title: "a call that is not there, though there was a kill", rows: [], kills: [1100], found: ["lost"] },
  { title: "a call stored as something else", rows: [{ ...row, ending: "incomplete" }], kills: [1100], found: ["lost"] },
  { title: "a call stored twice", rows: [row, row], found: ["twice"] },
  { title: "a call nobody made", rows: [row, { ...row, id: "b" }], found: ["uninvited"] },
  { title: "another answer", rows: [{ ...row, answered: "a/0 " }], found: ["wrong"] },
  { title: "another question", rows: [{ ...row, asked: "What is b?" }], found: ["wrong"] },
  { title: "another response", rows: [{ ...row, responseId: null }], found: ["wrong"] },
  { title: "other tokens", rows: [{ ...row, tokensOut: 4 }], found: ["wrong"] },
  { title: "a reply that is not the upstream's", call: { text: "a/0 " }, rows: [row], found: ["wrong"] },
  { title: "a call that broke off when its gateway was killed", call: broken, rows: [], kills: [1100], found: [] },
  {
    title: "the same, with what had arrived",
    call: broken,
    rows: [{ ...row, ending: "incomplete", answered: "a/0 " }],
    kills: [1100],
    found: [],
  },
  {
    title: "the same, with something else",
    call: broken,
    rows: [{ ...row, ending: "incomplete", answered: "b" }],
    kills: [1100],
    found: ["wrong"],
  },
  { title: "the same, when it had run for long", call: { ...broken, ...long }, rows: [], kills: [3000], found: ["wrong"] },
  { title: "a call that broke off for no reason", call: broken, rows: [{ ...row, ending: "cut" }], found: ["unexplained"] },
  { title: "a client that left", call: { ...long, ending: "aborted" }, rows: [{ ...row, ending: "abandoned" }], found: [] },
  { title: "a client that left, of which nothing is known", call: { ...long, ending: "aborted" }, rows: [], found: ["wrong"] },
  { title: "a call that was refused for no reason", call: { ending: "refused" }, rows: [], found: ["unexplained"] },
  { title: "a call that was refused, but stored", call: { ending: "refused" }, rows: [row], kills: [1000], found: ["wrong"] },
];

for (const { title, call, rows, kills = [], found } of cases) {
  test(`finds ${found.length === 0 ? "nothing" : found.join(", ")} in ${title}`, () => {
    const upstream = [{ script: called.script, askedSha256: sha256("asked"), sentBytes: 1, whole: false, left: false }];
    expect(
      differences(rows, { ledger: [{ ...called, ...call }], upstream, kills: kills.map((at) => ({ fromMs: at, toMs: at })) }).map(
        ({ kind }) => kind,
      ),
    ).toEqual(found);
  });
}
