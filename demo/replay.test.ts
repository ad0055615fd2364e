import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { AIRLINE_12 } from "./library.ts";
import { replay } from "./replay.ts";
import { demoUpstream } from "./upstream.ts";

const path = fileURLToPath(AIRLINE_12);

async function temporary(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "spangate-replay-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, name);
}

test("makes every call of a file again, and each is answered as in the file", async () => {
  await using demo = await demoUpstream({ conversations: [] });
  const printed: string[] = [];
  const ledger = await temporary("ledger.jsonl");
  const summary = await replay({ path, url: demo.url, print: (line) => printed.push(line), ledger });
  expect(summary).toMatchObject({
    calls: 127,
    toolCalls: 48,
    conversations: 12,
    users: 10,
    mismatches: 0,
    errors: 0,
    retries: 0,
    exitCode: 0,
  });
  expect(printed[0]).toContain("12 conversations with 127 answers");
  expect(
    (await readFile(ledger, "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual(summary.ledger);
  const calls = demo.log.filter((entry) => entry.path === "/v1/chat/completions");
  expect(calls).toHaveLength(127);
  expect(new Set(calls.map((entry) => entry.responseId))).toEqual(new Set(summary.ledger.map((call) => call.responseId)));
  expect(calls.every(({ headers }) => headers["x-spangate-conversation"] && headers["x-spangate-user"])).toBe(true);
});

test("reports an answer that is not the file's", async () => {
  await using demo = await demoUpstream();
  const odd = await temporary("odd.jsonl");
  const messages = [
    { role: "user", content: "Hello" },
    { role: "assistant", content: "Go away" },
  ];
  await writeFile(odd, JSON.stringify({ conversation_id: "odd", messages }));
  const before = await replay({ path: odd, url: demo.url });
  expect(before).toMatchObject({ calls: 1, mismatches: 0 });
  await writeFile(odd, JSON.stringify({ conversation_id: "odd", model: "demo-error-404", messages }));
  const after = await replay({ path: odd, url: demo.url });
  expect(after).toMatchObject({ calls: 1, errors: 1, exitCode: 1, ledger: [{ status: 404, matches: false }] });
});

test("says so when nobody answers at the URL", async () => {
  const demo = await demoUpstream();
  await demo.close();
  await expect(replay({ path, url: demo.url })).rejects.toThrow(`cannot list the models of ${demo.url}`);
}, 20_000);
