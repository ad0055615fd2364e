import pino from "pino";
import { expect, onTestFinished, test } from "vitest";
import { child } from "./child.ts";
import { StartError } from "./start_error.ts";

const log = pino({ level: "silent" });

test("a process that the system does not start is told from one that is slow", async () => {
  const { execPath } = process;
  onTestFinished(() => {
    process.execPath = execPath;
  });
  process.execPath = "/nowhere/node";
  let exits = 0;
  const started = child({
    name: "query",
    entry: "query_process.ts",
    start: () => ({ type: "start" }),
    onMessage: () => {},
    onExit: () => exits++,
    log,
  });
  await expect(started.started).rejects.toThrow(new StartError(1, "the query process could not start: spawn /nowhere/node ENOENT"));
  expect([exits, started.ready, started.pid]).toEqual([1, false, undefined]);
  await started.stop(1000);
});
