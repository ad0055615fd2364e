import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { readFileSync } from "node:fs";
import { connect, createServer as createRawServer } from "node:net";
import { expect, test } from "vitest";
import { Secret } from "../config/secret.ts";
import { startDataPlane } from "../testing/data_plane.ts";
import { listen, type Listening } from "../testing/listen.ts";
import { rawRequest, rawSocket, type RawReply } from "../testing/raw.ts";

const file = (name: string): string => new URL(`../testing/tls/${name}`, import.meta.url).pathname;

interface Heard {
  readonly request: string;
  readonly authorization: string | undefined;
  /** Names and values in turn. */
  readonly headers: readonly string[];
}

interface Hearing extends Listening {
  readonly heard: readonly Heard[];
}

/** Bytes that anything but a plain copy would change. */
const answer = Buffer.concat([Buffer.from('{"a":1}\r\n\r\n'), Buffer.from([0, 0xff, 0xc3, 0x28])]);

async function upstream(secure: boolean): Promise<Hearing> {
  const heard: Heard[] = [];
  const answering = (request: IncomingMessage, response: ServerResponse): void => {
    const { method, url, rawHeaders } = request;
    heard.push({ request: `${method} ${url}`, authorization: request.headers.authorization, headers: rawHeaders });
    request.resume().on("end", () => response.end(answer));
  };
  const server = secure
    ? createSecureServer({ key: readFileSync(file("server.key")), cert: readFileSync(file("server.pem")) }, answering)
    : createServer(answering);
  return Object.assign(await listen(server), { heard });
}

async function post(url: string, headers: Readonly<Record<string, string>> = {}): Promise<RawReply> {
  return await rawRequest({
    url: `${url}/v1/chat/completions`,
    method: "POST",
    headers: { authorization: "Bearer sk-caller", ...headers },
    body: "{}",
  });
}

test("a certificate of a private authority is trusted when ca_file names it", async () => {
  await using secure = await upstream(true);
  await using plane = await startDataPlane({
    upstreams: { up: { base_url: `https://localhost:${secure.port}/v1`, ca_file: file("ca.pem") } },
  });
  const reply = await post(plane.url);
  expect(reply.status).toBe(200);
  expect(reply.body.equals(answer)).toBe(true);
  expect(secure.heard).toMatchObject([{ request: "POST /v1/chat/completions", authorization: "Bearer sk-caller" }]);
});

const distrusted = [
  { title: "a certificate that none of the usual authorities signed", host: "localhost", code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" },
  {
    title: "a certificate of another authority than ca_file's",
    host: "localhost",
    ca: "other_ca.pem",
    code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  },
  { title: "a certificate for another host name", host: "127.0.0.1", ca: "ca.pem", code: "ERR_TLS_CERT_ALTNAME_INVALID" },
];
for (const { title, host, ca, code } of distrusted) {
  test(`${title} is refused before a key is sent`, async () => {
    await using secure = await upstream(true);
    await using plane = await startDataPlane({
      clients: [{ name: "app", token: "client-token" }],
      upstreams: {
        up: {
          base_url: `https://${host}:${secure.port}/v1`,
          credential: new Secret("sk-stored"),
          ...(ca !== undefined && { ca_file: file(ca) }),
        },
      },
    });
    const reply = await post(plane.url, { "x-spangate-key": "client-token" });
    expect(reply.status).toBe(502);
    expect(JSON.parse(reply.body.toString())).toEqual({
      error: { message: expect.stringContaining(code), type: "server_error", param: null, code: "upstream_unreachable" },
    });
    expect(secure.heard).toEqual([]);
    const [entry] = await plane.ended();
    expect(entry?.closed).toMatchObject({ ending: "cut", status: 502, error: code });
  });
}

interface Proxied extends Listening {
  /** Requests it was asked to pass on, or connections it was asked to open. */
  readonly asked: readonly string[];
  readonly url: string;
}

/** A proxy as companies have them: CONNECT for secure calls, whole URLs for plain ones. */
async function outboundProxy(): Promise<Proxied> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const { hostname, port, pathname, search } = new URL(request.url ?? "");
    const onward = connect(Number(port), hostname, () => {
      onward.write(`${request.method} ${pathname}${search} HTTP/1.1\r\n`);
      const raw = request.rawHeaders;
      for (let i = 0; i + 1 < raw.length; i += 2) {
        if (!/^(proxy-)?connection$/i.test(raw[i] ?? "")) onward.write(`${raw[i]}: ${raw[i + 1]}\r\n`);
      }
      onward.write("connection: close\r\n\r\n");
      request.pipe(onward, { end: false });
      // The reply as it is, framing and all.
      response.socket?.on("error", () => {});
      onward.pipe(response.socket as NodeJS.WritableStream);
    });
    onward.on("error", () => response.destroy());
  });
  server.on("connect", (request, socket) => {
    asked.push(`CONNECT ${request.url}`);
    const { hostname, port } = new URL(`http://${request.url}`);
    const onward = connect(Number(port), hostname, () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      onward.pipe(socket).pipe(onward);
    });
    onward.on("error", () => socket.destroy());
    socket.on("error", () => onward.destroy());
  });
  const listening = await listen(server);
  return Object.assign(listening, { asked, url: `http://127.0.0.1:${listening.port}` });
}

const leaving = [
  {
    title: "a secure call leaves through HTTPS_PROXY in a tunnel",
    secure: true,
    variables: ["httpsProxy"],
    asks: "CONNECT localhost:PORT",
  },
  {
    title: "a plain call leaves through HTTP_PROXY",
    secure: false,
    variables: ["httpProxy"],
    asks: "POST http://localhost:PORT/v1/chat/completions",
  },
  { title: "a secure call heeds no HTTP_PROXY", secure: true, variables: ["httpProxy"], asks: undefined },
  { title: "a plain call heeds no HTTPS_PROXY", secure: false, variables: ["httpsProxy"], asks: undefined },
  {
    title: "a host that NO_PROXY names is called directly",
    secure: true,
    variables: ["httpsProxy"],
    noProxy: "example.com,localhost",
    asks: undefined,
  },
  {
    title: "a port that NO_PROXY names is called directly",
    secure: false,
    variables: ["httpProxy"],
    noProxy: "localhost:PORT",
    asks: undefined,
  },
];
for (const { title, secure, variables, noProxy, asks } of leaving) {
  test(title, async () => {
    await using target = await upstream(secure);
    await using proxy = await outboundProxy();
    const named = (text: string): string => text.replace("PORT", String(target.port));
    await using plane = await startDataPlane({
      upstreams: { up: { base_url: `${secure ? "https" : "http"}://localhost:${target.port}/v1`, ca_file: file("ca.pem") } },
      proxy: {
        ...Object.fromEntries(variables.map((name) => [name, proxy.url])),
        ...(noProxy !== undefined && { noProxy: named(noProxy) }),
      },
    });
    for (let call = 0; call < 2; call++) {
      const reply = await post(plane.url);
      expect(reply.status).toBe(200);
      expect(reply.body.equals(answer)).toBe(true);
    }
    expect(target.heard.map(({ request, authorization }) => [request, authorization])).toEqual(
      Array(2).fill(["POST /v1/chat/completions", "Bearer sk-caller"]),
    );
    expect(new Set(proxy.asked)).toEqual(new Set(asks === undefined ? [] : [named(asks)]));
  });
}

test("127.0.0.1 is never reached through a proxy: there it would be another machine", async () => {
  await using target = await upstream(false);
  await using proxy = await outboundProxy();
  await using plane = await startDataPlane({ upstreams: { up: `http://127.0.0.1:${target.port}/v1` }, proxy: { httpProxy: proxy.url } });
  expect((await post(plane.url)).status).toBe(200);
  expect([target.heard.length, proxy.asked.length]).toEqual([1, 0]);
});

test("a header that comes twice reaches the upstream twice, through a proxy too", async () => {
  await using target = await upstream(false);
  await using proxy = await outboundProxy();
  await using plane = await startDataPlane({ upstreams: { up: `http://localhost:${target.port}/v1` }, proxy: { httpProxy: proxy.url } });
  await rawSocket(
    plane.url,
    "GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\nOpenAI-Beta: assistants=v2\r\nOpenAI-Beta: realtime=v1\r\nConnection: close\r\n\r\n",
  );
  const { headers = [] } = target.heard[0] ?? {};
  expect(proxy.asked).toHaveLength(1);
  expect(headers.filter((_, index) => /^openai-beta$/i.test(headers[index - 1] ?? ""))).toEqual(["assistants=v2", "realtime=v1"]);
});

const failing = [
  {
    title: "wants a password",
    secure: false,
    answers: "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 4\r\n\r\nno!\n",
    status: 502,
    says: /407/,
  },
  {
    title: "wants a password for its tunnel",
    secure: true,
    answers: "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n",
    status: 502,
    says: /407/,
  },
  { title: "refuses the tunnel", secure: true, answers: "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n", status: 502, says: /403/ },
  { title: "closes the connection", secure: true, answers: "", status: 502, says: /proxy/i },
  { title: "does not open the tunnel in time", secure: true, answers: undefined, status: 504, says: /in time/ },
  { title: "passes on no answer in time", secure: false, answers: undefined, status: 504, says: /in time/ },
];
for (const { title, secure, answers, status, says } of failing) {
  test(`a proxy that ${title} is no reply of the upstream`, async () => {
    const asked: string[] = [];
    await using proxy = await listen(
      createRawServer((socket) => {
        socket.on("data", (bytes) => {
          asked.push(String(bytes).split(" ", 1)[0] ?? "");
          if (answers !== undefined) socket.end(answers);
        });
      }),
    );
    const url = `http://127.0.0.1:${proxy.port}`;
    await using plane = await startDataPlane({
      upstreams: { up: `${secure ? "https" : "http"}://localhost:9/v1` },
      proxy: { httpProxy: url, httpsProxy: url },
      gateway: { connect_timeout_ms: 400, first_byte_timeout_ms: 400 },
    });
    const since = performance.now();
    const reply = await post(plane.url);
    expect(reply.status).toBe(status);
    expect(JSON.parse(reply.body.toString()).error.message).toMatch(says);
    expect(performance.now() - since).toBeLessThan(1400);
    expect(asked).toEqual([secure ? "CONNECT" : "POST"]);
  });
}
