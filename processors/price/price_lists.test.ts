import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Cost, Span } from "../../genai/span.ts";
import { price } from "./price.ts";
import { priceLists, readPriceFile } from "./price_lists.ts";

let folder: string;
let file: string;
let written = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spangate-prices-"));
  file = join(folder, "prices.yaml");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Each time with another date, however quickly one follows the other. */
function write(text: string): void {
  writeFileSync(file, text);
  utimesSync(file, 1, 1_000_000 + written++);
}

interface Asked {
  readonly model?: string;
  readonly at?: string;
  readonly tenant?: string;
  readonly tokens?: Span["tokens"];
  readonly attributes?: Span["attributes"];
}

function asked({ model = "gpt-5", at = "2026-11-01", tenant = "default", tokens, attributes }: Asked): Span {
  return {
    tenant,
    source: "gateway",
    traceId: "1",
    spanId: "1",
    name: "chat",
    kind: "client",
    startTimeUnixNano: BigInt(Date.parse(at)) * 1_000_000n,
    endTimeUnixNano: 0n,
    status: "unset",
    capture: "full",
    usageSource: "provider",
    tokens: tokens ?? { inUncached: 1000, cacheRead: 1000, outText: 1000 },
    attributes: {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.request.model": model,
      "http.response.status_code": 200,
      "spangate.upstream": "main",
      ...attributes,
    },
  };
}

async function cost(overrides: string, call: Asked = {}): Promise<Cost | undefined> {
  write(overrides);
  const prices = priceLists({ overrides: file, onProblem: (problem) => expect.fail(problem) });
  const [span] = await price({ use: "price" }, prices).process([asked(call)]);
  return span?.cost;
}

const MINE = `
version: 2026-10-01
prices:
  - { id: mine/first, provider: openai, model: gpt-5, until: 2026-06-01, per_million: { in_uncached: 1, cache_read: 1, out_text: 1 }, source: contract }
  - { id: mine/long, provider: openai, model: "gpt-5*", per_million: { in_uncached: 1, cache_read: 0.5, out_text: 2 }, source: contract,
      above: [{ input_tokens: 10000, per_million: { in_uncached: 10 } }, { input_tokens: 100000, per_million: { in_uncached: 100, out_text: 200 } }] }
  - { id: mine/late, model: late, from: 2026-10-31T12:00:00Z, per_million: { in_uncached: 1, out_text: 1 }, source: contract }
  - { id: mine/euro, model: euro, currency: EUR, usd_per_unit: "1.1", per_million: { in_uncached: 1, out_text: 10 }, source: contract }
  - { id: mine/deployed, model: my-deployment, per_million: { in_uncached: 7, out_text: 7 }, source: contract }
  - { id: mine/urgent, model: tiered, service_tier: [urgent], per_million: { in_uncached: 9, out_text: 9 }, source: contract }
  - { id: mine/tiered, model: tiered, per_million: { in_uncached: 3, out_text: 3 }, source: contract }
factors:
  - { id: mine/slow, kind: service_tier, model: tiered, service_tier: slow, multiply: 0.1, source: contract }
  - { id: mine/acme, kind: discount, tenant: acme, multiply: 0.9, source: contract }
  - { id: mine/main, kind: discount, upstream: "ma*", model: gpt-4o, multiply: 0.8, source: contract }
`;

describe("the operator's prices", () => {
  for (const { title, call, usd, priceId } of [
    { title: "come before all others", call: {}, usd: "0.0035", priceId: "mine/long" }, // 1000*1 + 1000*0.5 + 1000*2
    { title: "were other ones before", call: { at: "2026-05-31T23:59:59.999Z" }, usd: "0.003", priceId: "mine/first" }, // 3000*1
    { title: "change at the very moment", call: { at: "2026-06-01T00:00:00.000Z" }, usd: "0.0035", priceId: "mine/long" },
    {
      title: "rise for all of a long call",
      call: { tokens: { inUncached: 20_000, cacheRead: 1000, outText: 1000 } },
      usd: "0.2025", // 20000*10 + 1000*0.5 + 1000*2
      priceId: "mine/long",
    },
    {
      title: "rise once more, and what is not named stays",
      call: { tokens: { inUncached: 100_000, cacheRead: 1000, outText: 1000 } },
      usd: "10.2005", // 100000*100 + 1000*0.5 + 1000*200
      priceId: "mine/long",
    },
    { title: "hold from their moment on", call: { model: "late", at: "2026-10-31T12:00:00Z" }, usd: "0.003", priceId: "mine/late" }, // cache read as input
    { title: "are turned into USD", call: { model: "euro" }, usd: "0.0132", priceId: "mine/euro" }, // (2000*1 + 1000*10) * 1.1
    {
      title: "go by the name that was asked for too",
      call: { model: "my-deployment", attributes: { "gen_ai.response.model": "gpt-4o" } },
      usd: "0.021", // 3000*7
      priceId: "mine/deployed",
    },
    {
      title: "know a tier by its own price",
      call: { model: "tiered", attributes: { "openai.response.service_tier": "Urgent" } },
      usd: "0.027", // 3000*9
      priceId: "mine/urgent",
    },
    {
      title: "know a tier by a factor",
      call: { model: "tiered", attributes: { "spangate.request.service_tier": "slow" } },
      usd: "0.0009", // 3000*3 * 0.1
      priceId: "mine/tiered+mine/slow",
    },
    { title: "are lower for a tenant", call: { tenant: "acme" }, usd: "0.00315", priceId: "mine/long+mine/acme" }, // 0.0035 * 0.9
    {
      title: "lower a price of the catalog for an upstream",
      call: { model: "gpt-4o" },
      usd: "0.011", // (1000*2.5 + 1000*1.25 + 1000*10) * 0.8
      priceId: "openai/gpt-4o+mine/main",
    },
    {
      title: "know one discount, the first",
      call: { model: "gpt-4o", tenant: "acme" },
      usd: "0.012375", // 13750 * 0.9
      priceId: "openai/gpt-4o+mine/acme",
    },
    {
      title: "leave what they do not name to other lists",
      call: { model: "gpt-4.1" },
      usd: "0.0105", // 1000*2 + 1000*0.5 + 1000*8
      priceId: "openai/gpt-4.1",
    },
  ]) {
    test(title, async () => {
      const found = await cost(MINE, call);
      expect(found).toMatchObject({ usd, priceId, source: priceId.includes("mine/") ? "override" : "catalog" });
    });
  }

  test("say what they are in, and their version", async () => {
    expect(await cost(MINE, { model: "euro" })).toMatchObject({ currency: "EUR", priceVersion: "override 2026-10-01" });
  });

  test("name whose prices an upstream has", async () => {
    const mine = `{ version: "1", providers: [{ name: corp-*, is: anthropic }] }`;
    const found = await cost(mine, { model: "claude-haiku-4-5", attributes: { "gen_ai.provider.name": "corp-eu" } });
    expect(found).toMatchObject({ usd: "0.0061", priceId: "anthropic/claude-haiku-4-5" }); // 1000*1 + 1000*0.1 + 1000*5
  });

  for (const { title, mine, expected } of [
    { title: "no maker's", mine: `providers: [{ name: "gpu-*", is: "" }]`, expected: { reason: "unknown_model" } },
    {
      title: "one of nothing where that is what it costs",
      mine: `prices: [{ id: mine/gpu, provider: "gpu-*", model: "*", per_million: { in_uncached: 0, out_text: 0 }, source: ours }]`,
      expected: { usd: "0", priceId: "mine/gpu" },
    },
  ]) {
    test(`give a server of one's own ${title}`, async () => {
      const call = { model: "gpt-4o", attributes: { "gen_ai.provider.name": "gpu-box", "spangate.upstream": "gpu-box" } };
      expect(await cost(`{ version: "1", ${mine} }`, call)).toMatchObject(expected);
    });
  }

  for (const { title, text, says } of [
    { title: "no YAML", text: "a: [", says: /./ },
    { title: "nothing", text: "", says: /./ },
    { title: "an unknown key", text: "{ version: '1', prizes: [] }", says: /prizes/ },
    { title: "no version", text: "{ prices: [] }", says: /version/ },
    { title: "no source", text: "{ version: '1', prices: [{ id: a, model: b }] }", says: /prices\.0\.source/ },
    {
      title: "a bucket that is none",
      text: "{ version: '1', prices: [{ id: a, model: b, source: c, per_million: { input: 1 } }] }",
      says: /per_million/,
    },
    {
      title: "a negative price",
      text: "{ version: '1', prices: [{ id: a, model: b, source: c, per_million: { out_text: -1 } }] }",
      says: /out_text/,
    },
    {
      title: "a price that is no number",
      text: "{ version: '1', prices: [{ id: a, model: b, source: c, per_million: { out_text: '1 USD' } }] }",
      says: /decimal/,
    },
    {
      title: "a date that is none",
      text: "{ version: '1', prices: [{ id: a, model: b, source: c, from: soon }] }",
      says: /must be a date/,
    },
    {
      title: "a day that no month has",
      text: "{ version: '1', prices: [{ id: a, model: b, source: c, from: 2026-02-31 }] }",
      says: /must be a date/,
    },
    {
      title: "a time of nobody knows which zone",
      text: "{ version: '1', prices: [{ id: a, model: b, source: c, until: 2026-11-01T12:00:00 }] }",
      says: /must be a date/,
    },
    {
      title: "an end before its beginning",
      text: "{ version: '1', prices: [{ id: a, model: b, source: c, from: 2026-11-02, until: 2026-11-01 }] }",
      says: /prices\.0\.until: must be later than from/,
    },
    {
      title: "a discount in percent",
      text: "{ version: '1', factors: [{ id: a, kind: discount, multiply: 85, source: c }] }",
      says: /factors\.0\.multiply: must be a decimal number from 0 to 10/,
    },
    {
      title: "a price beyond all money",
      text: "{ version: '1', prices: [{ id: a, model: b, source: c, per_million: { out_text: '1e999999' } }] }",
      says: /from 0 to 1000000000/,
    },
    {
      title: "a price of more digits than anybody pays",
      text: "{ version: '1', prices: [{ id: a, model: b, source: c, per_million: { out_text: '1e-999999' } }] }",
      says: /at most 20 digits/,
    },
    {
      title: "tokens for a thousand",
      text: "{ version: '1', prices: [{ id: a, model: b, source: c, per_thousand: { out_text: 1 } }] }",
      says: /per_thousand/,
    },
    {
      title: "two prices above one size",
      text: "{ version: '1', prices: [{ id: a, model: b, source: c, above: [{ input_tokens: 1, per_million: {} }, { input_tokens: 1, per_million: {} }] }] }",
      says: /names a size twice/,
    },
    { title: "more in it than prices take", text: `version: "${"1".repeat(2_000_000)}"`, says: /larger than/ },
    {
      title: "a currency without its rate",
      text: "{ version: '1', prices: [{ id: a, model: b, source: c, currency: EUR }] }",
      says: /usd_per_unit/,
    },
  ]) {
    test(`are refused with their reason when the file has ${title}`, () => {
      write(text);
      expect(() => readPriceFile(file)).toThrow(says);
    });
  }
});

describe("a changed price file", () => {
  const entries = (count: number, usd: number): string =>
    JSON.stringify({
      version: `v${usd}`,
      prices: Array.from({ length: count }, (_, i) => ({
        id: `p${i}`,
        model: i === 0 ? "gpt-5" : `m${i}`,
        per_million: { in_uncached: usd, out_text: usd },
        source: "s",
      })),
    });

  async function changing(
    first: string | undefined,
    then: (nowMs: () => void) => void,
  ): Promise<{ usd: string | undefined; problems: string[] }> {
    const problems: string[] = [];
    let now = 0;
    if (first !== undefined) write(first);
    const prices = priceLists({ overrides: file, onProblem: (problem) => problems.push(problem), nowMs: () => now });
    const pricing = price({ use: "price" }, prices);
    await pricing.process([asked({})]);
    then(() => (now += 10_000));
    await pricing.process([asked({})]);
    const [span] = await pricing.process([asked({})]);
    return { usd: span?.cost?.usd, problems };
  }

  test("is in force soon", async () => {
    const { usd, problems } = await changing(entries(10, 1), (later) => {
      write(entries(10, 2));
      later();
    });
    expect({ usd, problems }).toEqual({ usd: "0.006", problems: [] }); // 3000*2
  });

  test("is not looked for with every batch", async () => {
    expect((await changing(entries(10, 1), () => write(entries(10, 2)))).usd).toBe("0.003"); // 3000*1
  });

  for (const { title, text, says } of [
    { title: "that is malformed", text: "version: [", says: /cannot be used.*prices stay those of version v1/ },
    { title: "that has shrunk to less than half", text: entries(4, 2), says: /shrunk from 10 entries to 4.*version v1/ },
  ]) {
    test(`${title} leaves the last good one in force and says so once`, async () => {
      const { usd, problems } = await changing(entries(10, 1), (later) => {
        write(text);
        later();
      });
      expect(usd).toBe("0.003");
      expect(problems).toEqual([expect.stringMatching(says)]);
    });
  }

  test("that is gone leaves the last good one in force", async () => {
    const { usd, problems } = await changing(entries(10, 1), (later) => {
      rmSync(file);
      later();
    });
    expect({ usd, problems: problems.length }).toEqual({ usd: "0.003", problems: 1 });
  });

  for (const { title, put, says } of [
    { title: "is a folder", put: () => mkdirSync(file), says: "it is no file" },
    { title: "never ends", put: () => symlinkSync("/dev/zero", file), says: "it is no file" },
    { title: "leads to itself", put: () => symlinkSync(file, file), says: "ELOOP" },
    { title: "leads nowhere", put: () => symlinkSync(join(folder, "none"), file), says: "ENOENT" },
  ]) {
    test(`that ${title} leaves the last good one in force`, async () => {
      const { usd, problems } = await changing(entries(10, 1), (later) => {
        rmSync(file);
        put();
        later();
      });
      expect(usd).toBe("0.003");
      expect(problems).toEqual([expect.stringContaining(says)]);
    });
  }

  test("may lose half of its entries", async () => {
    const { usd, problems } = await changing(entries(10, 1), (later) => {
      write(entries(5, 2));
      later();
    });
    expect({ usd, problems }).toEqual({ usd: "0.006", problems: [] });
  });

  test("that was wrong from the start is used as soon as it is right", async () => {
    const { usd, problems } = await changing("version: [", (later) => {
      write(entries(1, 3));
      later();
    });
    expect(usd).toBe("0.009");
    expect(problems).toEqual([expect.stringContaining("until it is right")]);
  });
});
