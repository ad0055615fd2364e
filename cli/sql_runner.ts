import { fork } from "node:child_process";
import { SqlError, type SqlRunner } from "../analytics/api.ts";
import type { SpanStore } from "../storage/store.ts";
import type { FromQuery, ToQuery } from "./messages.ts";

const MAX_ROWS = 10_000;
const TIME_LIMIT_MS = 30_000;

/** Each statement gets a process of its own: what a statement can do to an engine, it does to nobody else. */
export function sqlRunner({ dataDir, store }: { readonly dataDir: string; readonly store: SpanStore }): SqlRunner {
  return {
    async run(statement, parameters) {
      await store.flush();
      const answer = await ask({ dataDir, files: store.files(), statement, parameters, maxRows: MAX_ROWS });
      if ("error" in answer) throw new SqlError(answer.error);
      return answer;
    },
  };
}

function ask(question: ToQuery): Promise<FromQuery> {
  return new Promise((resolve) => {
    const child = fork(new URL("query_process.ts", import.meta.url), {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      serialization: "advanced",
    });
    let answer: FromQuery | undefined;
    const timer = setTimeout(() => {
      answer = { error: `the statement took longer than ${TIME_LIMIT_MS / 1000} s and was stopped; ask for less at once` };
      child.kill("SIGKILL");
    }, TIME_LIMIT_MS);
    child.on("message", (message: FromQuery) => {
      answer ??= message;
    });
    child.on("error", (error) => {
      answer ??= { error: `the query process could not be used: ${error.message}` };
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve(answer ?? { error: `the engine ended on this statement (${signal ?? `exit code ${code}`}); ask for less at once` });
    });
    child.send(question);
  });
}
