import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { digestOf, extend, message, textOf, type Message } from "./message.ts";

/** One line of a conversations file; it may say more about the conversation than is read here. */
export const conversation = z.looseObject({
  conversation_id: z.string(),
  user_id: z.string().optional(),
  model: z.string().optional(),
  messages: z.array(message),
});
export type Conversation = z.infer<typeof conversation>;

export interface Taught {
  readonly conversations: number;
  readonly answers: number;
}

/** The conversations the demo knows by heart. */
export interface Library {
  /** The answer that was once given to exactly this history. */
  recall(history: readonly Message[]): Message | undefined;
  /** The answer that a sample conversation gives to these words, whatever came before them. */
  answerTo(words: string): Message | undefined;
  /** Adds conversations, one JSON object a line. Throws `ConversationError`, and then has learnt nothing. */
  teach(lines: string): Promise<Taught>;
}

export class ConversationError extends Error {}

/** Most answers that are learnt, because anybody who reaches the demo may teach it. */
const MAX_ANSWERS = 100_000;

/** The conversations that come with the demo. */
const SAMPLES = new URL("conversations/samples.jsonl", import.meta.url);
export const AIRLINE_12 = new URL("conversations/airline-12.jsonl", import.meta.url);

/** Loads the samples, `files` and whatever was taught into `folder` before; without a folder, teaching lasts as long as the process. */
export async function library(files: readonly (string | URL)[], folder?: string, maxAnswers = MAX_ANSWERS): Promise<Library> {
  const byHistory = new Map<string, Message>();
  const byWords = new Map<string, Message>();

  const learn = (conversations: readonly Conversation[]): Taught => {
    const answers = conversations.flatMap(({ messages }) => answersIn(messages));
    for (const { key, given } of answers) byHistory.set(key, given);
    return { conversations: conversations.length, answers: answers.length };
  };

  const checkRoom = (conversations: readonly Conversation[]): void => {
    const fresh = conversations.flatMap(({ messages }) => answersIn(messages)).filter(({ key }) => !byHistory.has(key)).length;
    if (byHistory.size + fresh <= maxAnswers) return;
    const forget = folder === undefined ? "restart the demo" : `empty ${folder} and restart`;
    throw new ConversationError(
      `cannot learn ${fresh} more answers: ${byHistory.size} of ${maxAnswers} are known; ${forget} to forget them`,
    );
  };

  const read = async (file: string | URL): Promise<readonly Conversation[]> =>
    parseConversations(await readFile(file, "utf8"), String(file));
  for (const file of [...files, ...(await taughtInto(folder))]) learn(await read(file));
  for (const { messages } of await read(SAMPLES)) {
    for (const { words, given } of answersIn(messages)) byWords.set(plain(words), given);
  }

  return {
    recall: (history) => byHistory.get(digestOf(history)),
    answerTo: (words) => byWords.get(plain(words)),
    async teach(lines) {
      const conversations = parseConversations(lines, "the request");
      checkRoom(conversations);
      if (folder !== undefined) await keep(folder, lines);
      return learn(conversations);
    },
  };
}

/** Every answer of a conversation, with the digest of all that was said before it and the words just before it. */
function answersIn(messages: readonly Message[]): readonly { key: string; words: string; given: Message }[] {
  const history = createHash("sha256");
  return messages.flatMap((given, index) => {
    const key = history.copy().digest("hex");
    extend(history, given);
    return given.role === "assistant" ? [{ key, words: textOf(messages[index - 1] ?? given), given }] : [];
  });
}

/** Reads conversations, one JSON object a line. Throws `ConversationError` with the line. */
export function parseConversations(lines: string, source: string): readonly Conversation[] {
  return lines.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    try {
      return [conversation.parse(JSON.parse(line))];
    } catch (cause) {
      const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
      throw new ConversationError(`cannot read line ${index + 1} of ${source} as a conversation: ${reason}`, { cause });
    }
  });
}

/** Case, spaces and punctuation do not matter to the samples. */
function plain(words: string): string {
  return words
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

async function taughtInto(folder: string | undefined): Promise<readonly string[]> {
  if (folder === undefined) return [];
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const names = await readdir(folder);
  return names.filter((name) => name.endsWith(".jsonl")).map((name) => join(folder, name));
}

/** Named after its content, so that teaching the same file again adds nothing; renamed into place, so that a reader never sees half of it. */
async function keep(folder: string, lines: string): Promise<void> {
  const name = join(folder, `${createHash("sha256").update(lines).digest("hex").slice(0, 16)}.jsonl`);
  const unfinished = `${name}.${process.pid}.tmp`;
  await writeFile(unfinished, lines, { mode: 0o600, flush: true });
  await rename(unfinished, name);
}
