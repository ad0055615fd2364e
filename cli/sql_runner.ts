import { fork } from "node:child_process";
import { SqlError, type SqlRunner } from "../analytics/api.ts";
import { orUnavailable } from "../pipeline/unavailable.ts";
import type { SpanStore } from "../storage/store.ts";
import type { FromQuery, ToQuery } from "./messages.ts";

const MAX_ROWS = 10_000;
/** Of rows as JSON: a day of conversations kept in full, small enough for the processes it passes through. */
const MAX_BYTES = 64 * 1024 * 1024;
const TIME_LIMIT_MS = 30_000;
/** Query processes at once; who asks meanwhile waits. */
const MAX_PROCESSES = 2;

export interface SqlRunnerOptions {
  readonly dataDir: string;
  readonly store: SpanStore;
  readonly timeLimitMs?: number;
}

/** Each statement gets a process of its own: what a statement can do to an engine, it does to nobody else. */
export function sqlRunner({ dataDir, store, timeLimitMs = TIME_LIMIT_MS }: SqlRunnerOptions): SqlRunner {
  let running = 0;
  const waiting: (() => void)[] = [];

  async function inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    if (running === MAX_PROCESSES) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift(); // takes the place over
      if (next) next();
      else running--;
    }
  }

  return {
    async run(statement, parameters) {
      const answer = await inTurn(async () => {
        await orUnavailable("cannot publish the newest rows", () => store.flush());
        const limits = { maxRows: MAX_ROWS, maxBytes: MAX_BYTES };
        return await ask({ dataDir, files: await store.wholeFiles(), statement, parameters, ...limits }, timeLimitMs);
      });
      if ("error" in answer) throw new SqlError(answer.error);
      return answer;
    },
  };
}

function ask(question: ToQuery, timeLimitMs: number): Promise<FromQuery> {
  return new Promise((resolve) => {
    const child = fork(new URL("query_process.ts", import.meta.url), {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      serialization: "advanced",
    });
    let answer: FromQuery | undefined;
    const finish = (message: FromQuery): void => {
      answer ??= message;
      child.kill("SIGKILL");
    };
    const timer = setTimeout(
      () => finish({ error: `the statement took longer than ${timeLimitMs / 1000} s and was stopped; ask for less at once` }),
      timeLimitMs,
    );
    child.on("message", finish);
    child.on("error", (error) => finish({ error: `the query process could not be used: ${error.message}; try again` }));
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve(answer ?? { error: `the engine ended on this statement (${signal ?? `exit code ${code}`}); ask for less at once` });
    });
    child.send(question, () => {}); // one that ended already says so by its close
  });
}
