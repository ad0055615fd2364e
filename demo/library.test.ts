import { mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { AIRLINE_12, ConversationError, library, parseConversations } from "./library.ts";

const line = (answer: string): string =>
  JSON.stringify({
    conversation_id: "c",
    messages: [
      { role: "user", content: "One?" },
      { role: "assistant", content: answer },
    ],
  });
const history = [{ role: "user", content: "One?" }];

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "spangate-library-"));
  onTestFinished(() => rm(made, { recursive: true }));
  return join(made, "taught");
}

test("recalls the answer to a history, and none to another", async () => {
  const known = await library([]);
  expect(await known.teach(line("1"))).toEqual({ conversations: 1, answers: 1 });
  expect(known.recall(history)?.content).toBe("1");
  expect(known.recall([...history, ...history])).toBeUndefined();
});

test("knows the samples by their words alone", async () => {
  const known = await library([]);
  expect(known.answerTo("what is the CAPITAL of france")?.content).toMatch(/^Paris/);
  expect(known.answerTo("One?")).toBeUndefined();
});

test("still knows what it was taught after a restart, in files only the owner can read", async () => {
  const taught = await folder();
  await (await library([], taught)).teach(line("1"));
  await (await library([], taught)).teach(line("1"));
  const names = await readdir(taught);
  expect(names).toHaveLength(1);
  expect((await stat(join(taught, names[0] ?? ""))).mode & 0o777).toBe(0o600);
  expect((await library([], taught)).recall(history)?.content).toBe("1");
});

test("says which line is no conversation, and learns nothing of the others", async () => {
  const known = await library([], await folder());
  await expect(known.teach(`${line("1")}\n{"messages":[]}`)).rejects.toThrow(/line 2 .*conversation_id/su);
  await expect(known.teach("{")).rejects.toThrow(ConversationError);
  expect(known.recall(history)).toBeUndefined();
});

test("learns no more than it has room for, and what it knows already costs none", async () => {
  const taught = await folder();
  const known = await library([], taught, 1);
  await known.teach(line("1"));
  await known.teach(line("2"));
  const other = line("3").replace("One?", "Two?");
  await expect(known.teach(other)).rejects.toThrow(/cannot learn 1 more answers: 1 of 1 are known; empty .*taught/su);
  expect(known.recall(history)?.content).toBe("2");
  expect(await readdir(taught)).toHaveLength(2);
});

test("reads the airline conversations that come with it", async () => {
  const known = await library([AIRLINE_12]);
  const [first] = parseConversations(await readFile(AIRLINE_12, "utf8"), "airline-12.jsonl");
  expect(known.recall(first?.messages.slice(0, 2) ?? [])).toEqual(first?.messages[2]);
});
