import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { tokens } from "../analytics/tokens.ts";
import { control } from "./control.ts";
import { doctor, type Doctor } from "./doctor.ts";

const DISK = { free: 1e9, total: 1e10, intake: 1, spans: 2, parquet: 3, dead_letters: 4, quota: 5 };

function aDoctor(more: Partial<Doctor> = {}): Doctor {
  const seen = { inForce: undefined, pipeline: "down", disk: DISK, behind: undefined } as const;
  return { ...doctor([], undefined, seen), ...more };
}

test("what fails unexpectedly reads internal error, and is told whole to the log", async () => {
  const state = new DatabaseSync(":memory:");
  const access = tokens(state);
  state.close();
  const errors: unknown[] = [];
  const server = control(
    {
      tokens: access,
      doctor: () => Promise.resolve(aDoctor()),
      ready: () => false,
      answering: () => true,
      pipelineSocket: "/nowhere.sock",
      onError: (error) => errors.push(error),
    },
    true,
  );
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const reply = await fetch(`${url}/api/tokens`);
  expect([reply.status, await reply.json()]).toEqual([
    500,
    { error: { message: "internal error", type: "server_error", param: null, code: null } },
  ]);
  expect(errors.map(String)).toEqual([expect.stringContaining("not open")]);
  expect((await fetch(`${url}/api/spans`)).status).toBe(503);
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
  server.close();
  server.closeAllConnections();
});

test("a question to a pipeline that says nothing is refused at once", async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "spangate-control-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const pipelineSocket = join(folder, "pipeline.sock");
  const mute = stack.adopt(createServer(), (each) => void each.close());
  await once(mute.listen(pipelineSocket), "listening");
  const server = control(
    {
      tokens: tokens(new DatabaseSync(":memory:")),
      doctor: () => Promise.resolve(aDoctor()),
      ready: () => false,
      answering: () => false,
      pipelineSocket,
      onError: (error) => expect.fail(String(error)),
    },
    true,
  );
  stack.defer(() => server.closeAllConnections());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const reply = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/api/spans`);
  expect([reply.status, await reply.json()]).toMatchObject([503, { error: { code: "store_unavailable" } }]);
  server.close();
});
