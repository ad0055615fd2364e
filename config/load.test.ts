import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, expect, test } from "vitest";
import { explain } from "./check.ts";
import { loadConfig } from "./load.ts";
import type { Overrides } from "./load.ts";
import { parseConfig } from "./parse.ts";
import type { Environment } from "./resolve.ts";
import { Secret } from "./secret.ts";

const dir = mkdtempSync(join(tmpdir(), "config-"));
afterAll(() => rmSync(dir, { recursive: true }));
const file = join(dir, "spangate.yaml");

function load({ yaml = "", env = {}, overrides = {} }: { yaml?: string; env?: Environment; overrides?: Overrides }) {
  writeFileSync(file, yaml);
  return loadConfig({ env: { SPANGATE_CONFIG: file, ...env }, overrides });
}

test("is complete from defaults alone", () => {
  const { settings, problems } = load({});
  expect(problems).toEqual([]);
  expect(settings).toEqual({
    data_dir: "./data",
    durability: "balanced",
    audit: "best_effort",
    capture: "scrubbed",
    demo: false,
    upstreams: {},
    clients: [],
    processors: ["count_tokens", "scrub", "price"].map((use): unknown => expect.objectContaining({ use })),
    gateway: {
      host: "127.0.0.1",
      port: 4000,
      processes: 1,
      origins: [],
      max_body_bytes: 67_108_864,
      max_buffered_bytes: 268_435_456,
      max_capture_bytes: 8_388_608,
      connect_timeout_ms: 5_000,
      first_byte_timeout_ms: 600_000,
      idle_timeout_ms: 120_000,
      stall_timeout_ms: 300_000,
      drain_timeout_ms: 30_000,
      trace_context: "continue",
    },
    control: { host: "127.0.0.1", port: 4001 },
    journal: { segment_bytes: 67_108_864 },
    prices: {},
  });
});

test("serves the demo when there is no configuration file, unless told otherwise", () => {
  expect(loadConfig({ env: {} }).settings?.demo).toBe(true);
  expect(loadConfig({ env: { SPANGATE_DEMO: "false" } }).settings?.demo).toBe(false);
  expect(load({}).settings?.demo).toBe(false);
});

test("reads flags over environment over file over defaults", () => {
  const yaml = "gateway: {port: 1, processes: 2, host: 127.0.0.2}\n";
  const env = { SPANGATE_GATEWAY__PORT: "3", SPANGATE_GATEWAY__HOST: "127.0.0.3" };
  const { settings } = load({ yaml, env, overrides: { port: "5" } });
  expect(settings?.gateway).toMatchObject({ port: 5, processes: 2, host: "127.0.0.3", drain_timeout_ms: 30_000 });
});

test("reads every flag", () => {
  const overrides = { data: "/d", host: "::1", port: "0", controlPort: "7", upstream: "http://127.0.0.1:9/v1", durability: "off" };
  expect(load({ overrides }).settings).toMatchObject({
    data_dir: "/d",
    durability: "off",
    default_upstream: "default",
    upstreams: { default: { base_url: "http://127.0.0.1:9/v1" } },
    gateway: { host: "::1", port: 0 },
    control: { port: 7 },
  });
});

const variables: readonly { title: string; yaml?: string; env: Environment; expected: object }[] = [
  { title: "a top-level key", env: { SPANGATE_DURABILITY: "strict" }, expected: { durability: "strict" } },
  { title: "the data folder", env: { SPANGATE_DATA_DIR: "/var/lib/spangate" }, expected: { data_dir: "/var/lib/spangate" } },
  { title: "a key of a section", env: { SPANGATE_GATEWAY__PORT: "4100" }, expected: { gateway: { port: 4100 } } },
  { title: "a list", env: { SPANGATE_GATEWAY__ORIGINS: "[https://a.example]" }, expected: { gateway: { origins: ["https://a.example"] } } },
  {
    title: "a new upstream",
    env: { SPANGATE_UPSTREAMS__OPENAI__BASE_URL: "https://api.openai.com/v1" },
    expected: { upstreams: { openai: { base_url: "https://api.openai.com/v1" } } },
  },
  {
    title: "an upstream whose name has a dash",
    yaml: "upstreams: {my-azure: {base_url: http://a}}",
    env: { SPANGATE_UPSTREAMS__MY_AZURE__BASE_URL: "http://b" },
    expected: { upstreams: { "my-azure": { base_url: "http://b" } } },
  },
  {
    title: "an entry of a list, its name digits and still text",
    env: { SPANGATE_CLIENTS__0__NAME: "007", SPANGATE_CLIENTS__0__TOKEN__ENV: "SPANGATE_CLIENT_TOKEN", SPANGATE_CLIENT_TOKEN: "t0" },
    expected: { clients: [{ name: "007", tenant: "default" }] },
  },
  {
    title: "a whole list",
    env: { SPANGATE_PROCESSORS: "[{use: sample, ratio: 0.1}]" },
    expected: { processors: [{ use: "sample", ratio: 0.1, content_ratio: 1 }] },
  },
  {
    title: "an option that is a mapping here and a list there",
    yaml: "processors: [{use: sample}, {use: filter, keep: [{kind: [server]}]}]",
    env: { SPANGATE_PROCESSORS__0__KEEP__ERRORS: "false", SPANGATE_PROCESSORS__1__KEEP__0__NAME: "007" },
    expected: { processors: [{ keep: { errors: false } }, { keep: [{ kind: ["server"], name: "007" }] }] },
  },
  {
    title: "a processor of its own",
    env: { SPANGATE_PROCESSORS__0__USE: "module", SPANGATE_PROCESSORS__0__PATH: "./a.ts", SPANGATE_PROCESSORS__0__TIME_LIMIT_MS: "100" },
    expected: { processors: [{ use: "module", path: "./a.ts", time_limit_ms: 100, name: "module", options: {} }] },
  },
  { title: "nothing when it is empty", env: { SPANGATE_GATEWAY__PORT: "" }, expected: { gateway: { port: 4000 } } },
  {
    title: "nothing that Kubernetes puts beside ours",
    env: { SPANGATE_PORT: "tcp://10.0.0.1:4000", SPANGATE_SERVICE_HOST: "10.0.0.1", SPANGATE_PORT_4000_TCP_PROTO: "tcp" },
    expected: { gateway: { port: 4000 } },
  },
  {
    title: "nothing that is no setting of the server",
    env: {
      SPANGATE_TOKEN: "x",
      SPANGATE_ADMIN_TOKEN_FILE: "/x",
      SPANGATE_CONTROL_URL: "http://x",
      SPANGATE_REEXECUTED: "1",
      OPENAI_API_KEY: "sk",
    },
    expected: { upstreams: {} },
  },
];
for (const { title, yaml, env, expected } of variables) {
  test(`the environment sets ${title}`, () => {
    const { settings, problems } = load({ env, ...(yaml && { yaml }) });
    expect(problems).toEqual([]);
    expect(settings).toMatchObject(expected);
  });
}

test("reads credentials from the environment and from files, and prints neither", () => {
  const secretFile = join(dir, "key");
  writeFileSync(secretFile, "sk-from-file\n");
  const yaml = `
upstreams: {openai: {base_url: https://api.openai.com/v1, credential: {file: ${secretFile}}}}
clients: [{name: web, token: {env: WEB_TOKEN}}]
`;
  const loaded = load({ yaml, env: { WEB_TOKEN: "sg-from-env" } });
  const { settings } = loaded;
  expect(settings?.upstreams["openai"]?.credential).toBeInstanceOf(Secret);
  expect(settings?.upstreams["openai"]?.credential?.reveal()).toBe("sk-from-file");
  expect(settings?.clients[0]?.token.reveal()).toBe("sg-from-env");
  expect(explain(loaded)).toContain("[redacted]");
  for (const text of [explain(loaded), JSON.stringify(loaded), inspect(loaded, { depth: 9 })]) expect(text).not.toMatch(/sk-from|sg-from/);
});

test("hands another process an input that parses to the same settings and holds no credential", () => {
  const yaml = "clients: [{name: web, token: {env: WEB_TOKEN}}]";
  const env = { WEB_TOKEN: "sg-from-env", SPANGATE_GATEWAY__HOST: "0.0.0.0" };
  const { raw, settings } = load({ yaml, env, overrides: { port: "0" } });
  const sent = JSON.stringify(raw);
  expect(sent).not.toContain("sg-from-env");
  expect(parseConfig(JSON.parse(sent), { WEB_TOKEN: "sg-from-env" }).settings).toEqual(settings);
});

test("a key with nothing behind it is a key that is not there", () => {
  expect(load({ yaml: "gateway:\n  # port: 1\nupstreams:\n" }).problems).toEqual([]);
});
