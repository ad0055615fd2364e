import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { explain } from "./check.ts";
import { pathText } from "./keys.ts";
import { loadConfig } from "./load.ts";
import type { Overrides } from "./load.ts";
import type { Environment } from "./resolve.ts";

const dir = mkdtempSync(join(tmpdir(), "config-"));
afterAll(() => rmSync(dir, { recursive: true }));
const file = join(dir, "spangate.yaml");

function load({ yaml = "", env = {}, overrides = {} }: { yaml?: string; env?: Environment; overrides?: Overrides }) {
  writeFileSync(file, yaml);
  return loadConfig({ env: { SPANGATE_CONFIG: file, ...env }, overrides });
}

const CLIENT = "clients: [{name: web, token: {env: T}}]\n";
const up = (url: string) => `upstreams: {a: {base_url: "${url}"}}`;

const mistakes = [
  { title: "an unknown key", yaml: "gatway: {}", path: "gatway", where: "1:1", message: "unknown key", fix: "Did you mean gateway?" },
  { title: "an unknown key inside", yaml: "gateway:\n  prot: 1", path: "gateway.prot", where: "2:3", message: "unknown key", fix: "port?" },
  {
    title: "an unlikely key",
    yaml: "journal: {zzz: 1}",
    path: "journal.zzz",
    where: "1:11",
    message: "unknown key",
    fix: "known here: segment_bytes",
  },
  { title: "a wrong type", yaml: "gateway: {port: many}", path: "gateway.port", where: "1:11", message: "not a whole number", fix: "4000" },
  {
    title: "a number out of range",
    yaml: "gateway: {port: 65536}",
    path: "gateway.port",
    where: "1:11",
    message: "from 0 to 65535",
    fix: "",
  },
  {
    title: "a segment that is too small",
    yaml: "journal: {segment_bytes: 1}",
    path: "journal.segment_bytes",
    where: "1:11",
    message: "at least|from 1048576",
    fix: "67108864",
  },
  {
    title: "a word that is no choice",
    yaml: "durability: fast",
    path: "durability",
    where: "1:1",
    message: "one of balanced, strict, off",
    fix: "balanced",
  },
  {
    title: "a processor that there is not",
    yaml: "processors: [{use: simple}]",
    path: "processors[0].use",
    where: "1:15",
    message: "not one of .*sample",
    fix: "Did you mean sample?",
  },
  {
    title: "a processor without a word for what it is",
    yaml: "processors: [{ratio: 1}]",
    path: "processors[0].use",
    where: "1:14",
    message: "is missing",
    fix: "Set it to one of ",
  },
  {
    title: "a processor that is a word",
    yaml: "processors: [sample]",
    path: "processors[0]",
    where: "1:14",
    message: "not a mapping",
    fix: "",
  },
  {
    title: "an option of another processor",
    yaml: "processors: [{use: sample, drop: []}]",
    path: "processors[0].drop",
    where: "1:28",
    message: "unknown key",
    fix: "known here: use, when, ratio, content_ratio, keep",
  },
  {
    title: "a misspelt option of a processor",
    yaml: "processors:\n  - use: sample\n    ratoi: 0.1",
    path: "processors[0].ratoi",
    where: "3:5",
    message: "unknown key",
    fix: "Did you mean ratio?",
  },
  {
    title: "an option that is a mapping of one processor and a list of another",
    yaml: "processors: [{use: filter, keep: 1}]",
    path: "processors[0].keep",
    where: "1:28",
    message: "not a list of conditions",
    fix: "",
  },
  {
    title: "a ratio that is none",
    yaml: "processors: [{use: sample, ratio: 10}]",
    path: "processors[0].ratio",
    where: "1:28",
    message: "not a number from 0 to 1",
    fix: "or leave it out for 1",
  },
  {
    title: "a pattern that would need backtracking",
    yaml: 'processors:\n  - use: filter\n    drop:\n      - name: "(a)\\\\1"',
    path: "processors[0].drop[0].name",
    where: "4:9",
    message: "linear time",
    fix: "RE2",
  },
  {
    title: "a condition that says nothing",
    yaml: "processors: [{use: filter, drop: [{}]}]",
    path: "processors[0].drop[0]",
    where: "1:35",
    message: "says nothing",
    fix: "Say what must hold",
  },
  {
    title: "a list where one of several kinds of values is meant",
    yaml: "processors: [{use: attributes, set: {team: [a]}}]",
    path: "processors[0].set.team",
    where: "1:38",
    message: "not text, a number, true or false",
    fix: "Give text or a number or true or false",
  },
  {
    title: "a misspelt word of a condition",
    yaml: "processors: [{use: filter, drop: [{tennant: [a]}]}]",
    path: "processors[0].drop[0].tennant",
    where: "1:36",
    message: "unknown key",
    fix: "Did you mean tenant?",
  },
  {
    title: "content that would get another name",
    yaml: "processors: [{use: attributes, rename: {gen_ai.input.messages: prompt}}]",
    path: "processors[0].rename.gen_ai.input.messages",
    where: "1:41",
    message: "stays under its own name",
    fix: "Drop it",
  },
  {
    title: "a module in another language",
    yaml: "processors: [{use: module, path: redact.py}]",
    path: "processors[0].path",
    where: "1:28",
    message: "not a JavaScript or TypeScript file",
    fix: "",
  },
  {
    title: "a cost where no price is known",
    yaml: "processors: [{use: sample, keep: {costlier_than_usd: 1}}]",
    path: "processors[0].keep",
    where: "1:28",
    message: "no price before it",
    fix: "Put price before it",
  },
  { title: "a section that is a list", yaml: "gateway: []", path: "gateway", where: "1:1", message: "not a mapping", fix: "" },
  {
    title: "a missing base URL",
    yaml: "upstreams:\n  openai: {}",
    path: "upstreams.openai.base_url",
    where: "2:3",
    message: "is missing",
    fix: "text",
  },
  {
    title: "an upstream name in capitals",
    yaml: "upstreams: {OpenAI: {base_url: http://a}}",
    path: "upstreams.OpenAI",
    where: "1:13",
    message: "not a name",
    fix: "Rename",
  },
  {
    title: "a reserved upstream name",
    yaml: "upstreams: {otlp: {base_url: http://a}}",
    path: "upstreams.otlp",
    where: "1:13",
    message: "reserved",
    fix: "another name",
  },
  {
    title: "a tenant that is no name",
    yaml: "clients: [{name: a, tenant: A/B, token: {env: T}}]",
    path: "clients[0].tenant",
    where: "1:21",
    message: "not a name",
    fix: "",
  },
  {
    title: "a credential written out",
    yaml: 'upstreams: {a: {base_url: http://a, credential: "sk-live"}}',
    path: "upstreams.a.credential",
    where: "1:37",
    message: "environment variable or a file",
    fix: "{env: …} or {file: …}",
  },
  {
    title: "a credential from nowhere",
    yaml: "clients: [{name: a, token: {}}]",
    path: "clients[0].token",
    where: "1:21",
    message: "does not say where",
    fix: "{env: …}",
  },
  {
    title: "a variable that is not set",
    yaml: "clients: [{name: a, token: {env: NOPE}}]",
    path: "clients[0].token",
    where: "1:21",
    message: "NOPE is not set",
    fix: "Set it",
  },
  { title: "an empty variable", yaml: CLIENT, env: { T: "" }, path: "clients[0].token", where: "1:23", message: "T is empty", fix: "" },
  {
    title: "a variable with two lines",
    yaml: CLIENT,
    env: { T: "a\r\nx-admin: 1" },
    path: "clients[0].token",
    where: "1:23",
    message: "does not hold a credential",
    fix: "one line",
  },
  {
    title: "a file that is not there",
    yaml: "clients: [{name: a, token: {file: /no/such}}]",
    path: "clients[0].token",
    where: "1:21",
    message: "cannot read file /no/such: ENOENT",
    fix: "Create it",
  },
  {
    title: "an address that is no URL",
    yaml: up("api.openai.com"),
    path: "upstreams.a.base_url",
    where: "1:17",
    message: "not a URL",
    fix: "https://",
  },
  { title: "another protocol", yaml: up("file:///etc/passwd"), path: "upstreams.a.base_url", where: "1:17", message: "file://", fix: "" },
  {
    title: "a password in an address",
    yaml: up("https://me:sk-live@a"),
    path: "upstreams.a.base_url",
    where: "1:17",
    message: "password",
    fix: "credential",
  },
  {
    title: "a query in an address",
    yaml: up("https://a/v1?"),
    path: "upstreams.a.base_url",
    where: "1:17",
    message: "query",
    fix: "Remove",
  },
  {
    title: "a metadata service",
    yaml: up("http://0xa9fea9fe/"),
    path: "upstreams.a.base_url",
    where: "1:17",
    message: "169.254.169.254 is a cloud's metadata",
    fix: "never",
  },
  {
    title: "an endless address",
    yaml: up(`http://a/${"x".repeat(3000)}`),
    path: "upstreams.a.base_url",
    where: "1:17",
    message: "longer than 2048",
    fix: "",
  },
  {
    title: "an origin with a path",
    yaml: "gateway: {origins: ['https://a/']}",
    path: "gateway.origins[0]",
    where: "1:21",
    message: "not an origin",
    fix: "https://chat",
  },
  {
    title: "a host with a port",
    yaml: `${CLIENT}gateway: {host: "0.0.0.0:80"}`,
    path: "gateway.host",
    where: "2:11",
    message: "not an address",
    fix: "",
  },
  {
    title: "a default upstream that is not there",
    yaml: "default_upstream: b\nupstreams: {a: {base_url: http://a}}",
    path: "default_upstream",
    where: "1:1",
    message: "no upstream b",
    fix: "Name one of a",
  },
  {
    title: "the demo as default while it is off",
    yaml: "default_upstream: demo",
    path: "default_upstream",
    where: "1:1",
    message: "no upstream demo",
    fix: "",
  },
  {
    title: "an upstream that is the gateway",
    yaml: up("http://localhost:4000/v1"),
    path: "upstreams.a.base_url",
    where: "1:17",
    message: "Spangate itself",
    fix: "another port",
  },
  {
    title: "an upstream that is the control plane",
    yaml: up("http://[::ffff:127.0.0.1]:4001"),
    path: "upstreams.a.base_url",
    where: "1:17",
    message: "Spangate itself",
    fix: "",
  },
  {
    title: "an upstream that is this machine by any address",
    yaml: up("http://0:4000"),
    path: "upstreams.a.base_url",
    where: "1:17",
    message: "Spangate itself",
    fix: "",
  },
  {
    title: "a listener beyond loopback without clients",
    yaml: "gateway: {host: 0.0.0.0}",
    path: "gateway.host",
    where: "1:11",
    message: "beyond this machine",
    fix: "clients",
  },
  {
    title: "a stored credential without clients",
    yaml: "upstreams: {a: {base_url: http://a, credential: {env: T}}}",
    path: "upstreams.a.credential",
    where: "1:37",
    message: "whoever",
    fix: "clients",
  },
  {
    title: "two clients of one name",
    yaml: "clients: [{name: a, token: {env: T}}, {name: a, token: {env: U}}]",
    path: "clients[1].name",
    where: "1:40",
    message: "same as clients[0]",
    fix: "",
  },
  {
    title: "two clients of one token",
    yaml: "clients: [{name: a, token: {env: T}}, {name: b, token: {env: T}}]",
    path: "clients[1].token",
    where: "1:49",
    message: "same as clients[0]",
    fix: "",
  },
  {
    title: "a buffer smaller than one body",
    yaml: "gateway: {max_buffered_bytes: 1024}",
    path: "gateway.max_buffered_bytes",
    where: "1:11",
    message: "less than",
    fix: "67108864",
  },
  { title: "broken YAML", yaml: "gateway: {port: 1", path: "", where: "1:18", message: "Flow map", fix: "YAML" },
  { title: "a key said twice", yaml: "demo: true\ndemo: false", path: "", where: "2:1", message: "unique", fix: "YAML" },
  { title: "a file that is a list", yaml: "- a", path: "", where: "1:1", message: "not a mapping", fix: "YAML" },
];
for (const { title, yaml, env, path, where, message, fix } of mistakes) {
  test(`reports ${title}, where it is and what to do`, () => {
    const { problems, settings } = load({ yaml, env: { T: "token-t", U: "token-u", ...env } });
    expect(settings).toBeUndefined();
    expect(problems.map((problem) => pathText(problem.path))).toEqual([path]);
    const [problem] = problems;
    expect(problem?.where).toBe(`${file}:${where}`);
    expect(problem?.message).toMatch(new RegExp(message.replace(/[[\]]/g, "\\$&")));
    expect(problem?.fix).toContain(fix);
    expect(JSON.stringify(problems)).not.toMatch(/sk-live|token-t/);
  });
}

const strangers = [
  { name: "SPANGATE_GATEWAY__PROT", fix: "Did you mean SPANGATE_GATEWAY__PORT?" },
  { name: "SPANGATE_GATEWAY_PORT", fix: "Did you mean SPANGATE_GATEWAY__PORT?" },
  { name: "SPANGATE_DURABILTY", fix: "Did you mean SPANGATE_DURABILITY?" },
  { name: "SPANGATE_NO__SUCH__THING", fix: "docs/config.md" },
];
for (const { name, fix } of strangers) {
  test(`reports the variable ${name}, which looks like a setting and is none`, () => {
    expect(load({ env: { [name]: "1" } }).problems).toEqual([
      { path: [], where: name, message: "no such setting", fix: expect.stringContaining(fix) },
    ]);
  });
}

test("a mistake in a variable or a flag is reported there", () => {
  const { problems } = load({
    env: { SPANGATE_CONTROL__PORT: "many", SPANGATE_UPSTREAMS__A__DIALECT: "openai_chat" },
    overrides: { port: "x" },
  });
  expect(problems.map(({ path, where }) => [pathText(path), where])).toEqual([
    ["upstreams.a.base_url", "SPANGATE_UPSTREAMS__A__DIALECT"],
    ["gateway.port", "--port"],
    ["control.port", "SPANGATE_CONTROL__PORT"],
  ]);
});

test("reports mistakes of every kind in one run, each once", () => {
  const yaml = `
gatway: {}
default_upstream: nobody
gateway: {port: many, host: 0.0.0.0, max_buffered_bytes: 1024}
control: {port: 4001}
upstreams:
  self: {base_url: "http://127.0.0.1:4001"}
  half: {credential: {env: NOPE}}
clients: []
`;
  const loaded = load({ yaml, env: { SPANGATE_GATEWAY__PROT: "1" } });
  expect(loaded.problems.map(({ path, where }) => pathText(path) || where)).toEqual([
    "SPANGATE_GATEWAY__PROT",
    "upstreams.half.base_url",
    "gateway.port",
    "gatway",
    "upstreams.half.credential",
    "default_upstream",
    "upstreams.self.base_url",
    "gateway.host",
    "upstreams.half.credential",
    "gateway.max_buffered_bytes",
  ]);
  expect(explain(loaded)).toMatch(/spangate\.yaml:4:11: gateway\.port: not a whole number from 0 to 65535\n {2}Give /);
  expect(explain(loaded)).toMatch(/10 problems in the configuration\.$/);
});

test("reports a file that cannot be read", () => {
  const { problems, settings } = loadConfig({ env: {}, overrides: { config: join(dir, "absent.yaml") } });
  expect(settings).toBeUndefined();
  expect(problems).toMatchObject([
    { where: join(dir, "absent.yaml"), message: "cannot read the file: ENOENT", fix: expect.stringContaining("--config") },
  ]);
});

test("never quotes a broken line, which may hold a credential", () => {
  expect(JSON.stringify(load({ yaml: 'a: "sk-live\nb: [' }).problems)).not.toContain("sk-live");
});

const allowed = [
  { title: "a loopback upstream on another port", yaml: up("http://127.0.0.1:11434/v1") },
  { title: "another machine on the gateway's port", yaml: up("http://192.0.2.7:4000/v1") },
  { title: "a control plane beyond loopback", yaml: "control: {host: 0.0.0.0}" },
  { title: "the demo as default while it is on", yaml: "demo: true\ndefault_upstream: demo" },
  { title: "a listener beyond loopback with a client", yaml: `${CLIENT}gateway: {host: "::"}`, env: { T: "token-t" } },
  {
    title: "settings named like properties of every object",
    yaml: "upstreams: {constructor: {base_url: http://a}}\ndefault_upstream: constructor",
  },
];
for (const { title, yaml, env } of allowed) {
  test(`allows ${title}`, () => {
    expect(load({ yaml, ...(env && { env }) }).problems).toEqual([]);
  });
}

test("knows this machine by its name and every address it has", () => {
  const addresses = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ scopeid }) => !scopeid);
  const hosts = [hostname(), ...addresses.map(({ address, family }) => (family === "IPv6" ? `[${address}]` : address))];
  for (const host of hosts) expect(load({ yaml: up(`http://${host}:4000`) }).problems, host).toHaveLength(1);
});
