import { createServer, type IncomingHttpHeaders } from "node:http";
import { expect, test } from "vitest";
import { Secret } from "../config/secret.ts";
import { startDataPlane, type DataPlaneOptions } from "../testing/data_plane.ts";
import { listen, type Listening } from "../testing/listen.ts";
import { rawRequest, type RawReply } from "../testing/raw.ts";

async function upstream(): Promise<Listening & { readonly heard: readonly IncomingHttpHeaders[] }> {
  const heard: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    heard.push(request.headers);
    request.resume().on("end", () => response.end("{}"));
  });
  return Object.assign(await listen(server), { heard });
}

async function post(url: string, headers: Readonly<Record<string, string>>): Promise<RawReply> {
  return await rawRequest({ url: `${url}/v1/chat/completions`, method: "POST", headers, body: "{}" });
}

const unauthorized = { error: { message: expect.any(String), type: "authentication_error", param: null, code: "unauthorized" } };

const web: readonly { title: string; headers: Readonly<Record<string, string>>; origins?: readonly string[]; served: boolean }[] = [
  { title: "the address itself", headers: {}, served: true },
  { title: "localhost", headers: { host: "localhost:1234" }, served: true },
  { title: "IPv6 loopback", headers: { host: "[::1]:1234" }, served: true },
  { title: "another host name", headers: { host: "evil.example" }, served: false },
  { title: "a name that only begins like this machine", headers: { host: "localhost.evil.example" }, served: false },
  { title: "an address that only begins like this machine", headers: { host: "127.0.0.1.evil.example" }, served: false },
  { title: "an address of the network", headers: { host: "192.168.1.7:4000" }, served: false },
  { title: "a web page from elsewhere", headers: { origin: "https://evil.example" }, served: false },
  { title: "a web page without an origin of its own", headers: { origin: "null" }, served: false },
  { title: "a web page of another server on this machine", headers: { origin: "http://localhost:3000" }, served: false },
  {
    title: "a web page that is allowed",
    headers: { origin: "https://chat.example.com" },
    origins: ["https://chat.example.com"],
    served: true,
  },
  {
    title: "such a page over plain HTTP",
    headers: { origin: "http://chat.example.com" },
    origins: ["https://chat.example.com"],
    served: false,
  },
  { title: "a host name that is allowed", headers: { host: "llm.internal" }, origins: ["http://llm.internal"], served: true },
];
for (const { title, headers, origins = [], served } of web) {
  test(`without clients ${title} is ${served ? "served" : "refused"}`, async () => {
    await using up = await upstream();
    await using plane = await startDataPlane({ upstreams: { up: `http://127.0.0.1:${up.port}/v1` }, gateway: { origins: [...origins] } });
    const reply = await post(plane.url, headers);
    expect(reply.status).toBe(served ? 200 : 401);
    expect(up.heard).toHaveLength(served ? 1 : 0);
    if (!served) expect(JSON.parse(reply.body.toString())).toEqual(unauthorized);
    const [entry] = await plane.ended();
    expect(entry?.closed).toMatchObject(served ? { ending: "completed" } : { ending: "rejected", rejection: "unauthorized", status: 401 });
    expect(entry?.opened.tenant).toBe("default");
  });
}

const clients: DataPlaneOptions["clients"] = [
  { name: "shop", tenant: "acme", token: "token-of-the-shop" },
  { name: "lab", tenant: "labs", token: "token-of-the-lab" },
];
const keyed: readonly { title: string; headers: Readonly<Record<string, string>>; caller?: { tenant: string; caller: string } }[] = [
  { title: "no key", headers: {} },
  { title: "an unknown key", headers: { "x-spangate-key": "token-of-nobody" } },
  { title: "the beginning of a key", headers: { "x-spangate-key": "token-of-the-sho" } },
  { title: "an empty key", headers: { "x-spangate-key": "" } },
  { title: "a key where the upstream's belongs", headers: { authorization: "Bearer token-of-the-shop" } },
  {
    title: "an unknown key before a known one",
    headers: { "x-spangate-key": "token-of-nobody", "helicone-auth": "Bearer token-of-the-shop" },
  },
  { title: "its key", headers: { "x-spangate-key": "token-of-the-shop" }, caller: { tenant: "acme", caller: "shop" } },
  { title: "another's key", headers: { "x-spangate-key": "token-of-the-lab" }, caller: { tenant: "labs", caller: "lab" } },
  { title: "its key as a bearer", headers: { "x-spangate-key": "Bearer token-of-the-lab" }, caller: { tenant: "labs", caller: "lab" } },
  ...["helicone-auth", "x-portkey-api-key", "x-litellm-api-key", "x-bf-vk", "cf-aig-authorization"].flatMap((name) => [
    { title: `its key as ${name}`, headers: { [name]: "token-of-the-lab" }, caller: { tenant: "labs", caller: "lab" } },
    {
      title: `its key as a bearer in ${name}`,
      headers: { [name]: "Bearer token-of-the-shop" },
      caller: { tenant: "acme", caller: "shop" },
    },
  ]),
];
for (const { title, headers, caller } of keyed) {
  test(`with clients a call with ${title} is ${caller ? `${caller.tenant}'s` : "refused"}`, async () => {
    await using up = await upstream();
    await using plane = await startDataPlane({ upstreams: { up: `http://127.0.0.1:${up.port}/v1` }, clients });
    const reply = await post(plane.url, { authorization: "Bearer sk-of-the-caller", ...headers });
    const [entry] = await plane.ended();
    if (caller === undefined) {
      expect(reply.status).toBe(401);
      expect(JSON.parse(reply.body.toString())).toEqual(unauthorized);
      expect(up.heard).toEqual([]);
      expect(entry?.opened).not.toHaveProperty("caller");
      return;
    }
    expect(reply.status).toBe(200);
    expect(entry?.opened).toMatchObject(caller);
    expect(up.heard).toMatchObject([{ authorization: "Bearer sk-of-the-caller" }]);
    expect(JSON.stringify(up.heard)).not.toContain("token-of-the");
  });
}

test("a stored credential takes the place of every key of the caller's", async () => {
  await using up = await upstream();
  await using plane = await startDataPlane({
    upstreams: { up: { base_url: `http://127.0.0.1:${up.port}/v1`, credential: new Secret("sk-stored") } },
    clients,
  });
  const keys = { authorization: "Bearer sk-of-the-caller", "api-key": "sk-of-the-caller", "X-Api-Key": "sk-of-the-caller" };
  expect((await post(plane.url, { ...keys, "x-spangate-key": "token-of-the-shop" })).status).toBe(200);
  expect(up.heard).toMatchObject([{ authorization: "Bearer sk-stored" }]);
  expect(JSON.stringify(up.heard)).not.toContain("sk-of-the-caller");
});
