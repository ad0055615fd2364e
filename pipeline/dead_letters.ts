import { mkdir, open, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Span } from "../genai/span.ts";
import { syncFolder } from "../journal/files.ts";
import { journalReader, type Damage } from "../journal/read.ts";
import { KIND, recordHead, type Sequence } from "../journal/record.ts";
import { KeyMissing, newSeal, type MasterKey, type Masters } from "../journal/seal.ts";
import { encodeHead, listSegments, segmentName } from "../journal/segment.ts";
import { encodeBatch } from "./batch.ts";
import { aboutSpan, decodeHead, encodeLetter, payloadsOf, reasonOf, type Letter, type LetterHead, type Stage } from "./letter.ts";

export interface DeadLettersOptions {
  /** `dead-letters` of the data folder. */
  readonly folder: string;
  /** The first one seals new letters: they hold what the intake holds. */
  readonly masters: Masters;
  readonly onDamage: (damage: Damage) => void;
  /** A letter was put aside, or could not even be that. */
  readonly onError: (message: string, facts: object) => void;
}

/** A letter as a list shows it: never what is in it. */
export interface Listed extends Omit<LetterHead, "sizes" | "about" | "holds"> {
  readonly id: Sequence;
  readonly bytes: number;
}

export interface Found extends Letter {
  readonly id: Sequence;
}

export interface LetterCounts {
  /** Put aside since the start, those that were there before and failed again included. */
  readonly byStage: { readonly [stage in Stage]: number };
  /** Lost, because they could not be written anywhere. */
  readonly lost: number;
  /** Stretches of their files that cannot be read. */
  readonly damaged: number;
}

/** What could not go on, kept until it is tried again. */
export interface DeadLetters {
  /** Resolves once the letters are durable; what cannot be written after a few tries is counted as lost. Never rejects. */
  bury(letters: readonly Letter[]): Promise<void>;
  /** Puts a span aside that the store did not take. */
  refused(span: Span, error: unknown): Promise<void>;
  /** Whether there is a letter about this. */
  has(about: string): Promise<boolean>;
  list(): Promise<readonly Listed[]>;
  /** How many there are, whenever they were put aside; as many as were known last when the folder cannot be read. */
  waiting(): Promise<number>;
  /** Undefined when there is none of this id. Rejects with `LetterDamaged` when it is listed and not in its file any more. */
  find(id: Sequence): Promise<Found | undefined>;
  /** Durable when it resolves. */
  remove(id: Sequence): Promise<void>;
  /** Grows when the same thing is buried again. */
  timesBuried(id: Sequence): number;
  readonly counts: LetterCounts;
}

/** Its file was damaged after it was listed. */
export class LetterDamaged extends Error {
  override readonly name = "LetterDamaged";
}

interface Kept {
  readonly id: Sequence;
  /** First number of the file it is in. */
  readonly file: Sequence;
  readonly head: LetterHead;
}

const TRIES = 3;
const RETRY_MS = 500;

/**
 * A file for the letters of each burial, in the format of a journal segment; it is replaced by one without a letter that was removed.
 * Ids are times, so that none comes twice.
 */
export function deadLetters({ folder, masters, onDamage, onError }: DeadLettersOptions): DeadLetters {
  const keys = lastRead(masters);
  const damaged = new Set<string>();
  const byStage: Record<Stage, number> = { read: 0, describe: 0, process: 0, encode: 0, store: 0 };
  let lost = 0;
  let lastSize = 0;
  let newest: Sequence = 0;
  const timesOf = new Map<Sequence, number>();
  let kept: Promise<Map<string, Kept>> | undefined;
  let last: Promise<unknown> = Promise.resolve();

  /** One change of the folder at a time. */
  function inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  }

  const all = (): Promise<Map<string, Kept>> =>
    (kept ??= load().catch((error: unknown) => {
      kept = undefined;
      throw error;
    }));

  async function load(): Promise<Map<string, Kept>> {
    const found = new Map<string, Kept>();
    for await (const { id, file, bytes } of letters()) {
      const head = decodeHead(bytes);
      found.set(head.about, { id, file, head });
    }
    return found;
  }

  /** A file is read many times; what is wrong with it is told once. */
  function tellDamage(damage: Damage): void {
    const place = `${damage.segment} ${damage.offset}`;
    if (damaged.has(place)) return;
    damaged.add(place);
    onDamage(damage);
  }

  /** What nobody can open now stays as it is, and is listed again once its key is back. */
  async function* letters(): AsyncGenerator<{ id: Sequence; file: Sequence; bytes: Buffer }> {
    for (const file of await listSegments(folder)) {
      try {
        for await (const letter of inFile(file)) yield { ...letter, file };
      } catch (error) {
        if (!(error instanceof KeyMissing)) throw error;
        newest = Math.max(newest, file);
        tellDamage({ segment: segmentName(file), offset: 0, reason: error.message });
      }
    }
  }

  async function* inFile(file: Sequence): AsyncGenerator<{ id: Sequence; bytes: Buffer }> {
    await using reader = journalReader({ folder, after: file - 1, segment: file, upTo: file, masters: keys, onDamage: tellDamage });
    for (;;) {
      const records = await reader.read();
      const rest = records.length === 0 ? reader.end() : records;
      for (const { sequence, payload, kind } of rest) {
        newest = Math.max(newest, sequence);
        if (kind === KIND.letter) yield { id: sequence, bytes: payload };
      }
      if (rest.length === 0) return;
    }
  }

  async function contentOf({ id, file, head }: Kept): Promise<readonly Buffer[]> {
    for await (const letter of inFile(file)) if (letter.id === id) return payloadsOf(letter.bytes, head);
    throw new LetterDamaged(`dead letter ${id} is listed and cannot be read; its file ${segmentName(file)} is damaged`);
  }

  async function add(fresh: readonly Letter[]): Promise<void> {
    const known = await all();
    const before = fresh.filter(({ about }) => known.has(about));
    const added = new Map(fresh.filter(({ about }) => !known.has(about)).map((letter) => [letter.about, letter]));
    const first = Math.max(newest + 1, Date.now() * 1000);
    const at = new Date().toISOString();
    const entries = [...added.values()].map(({ payloads, ...rest }, i) => ({
      payloads,
      entry: { id: first + i, file: first, head: { ...rest, at, sizes: payloads.map(({ length }) => length) } },
    }));
    if (entries.length > 0)
      await writeFile(
        first,
        entries.map(({ payloads, entry }) => ({ ...entry, payloads })),
      );
    newest = Math.max(newest, first + entries.length - 1);
    for (const { entry } of entries) known.set(entry.head.about, entry);
    for (const { about, reason, stage } of before) await say(known.get(about), { reason, stage });
  }

  /** The same thing failed again: its letter says why it did this time. */
  async function say(entry: Kept | undefined, why: Pick<Letter, "reason" | "stage">): Promise<void> {
    if (entry === undefined) return;
    const changed = { ...entry, head: { ...entry.head, ...why } };
    timesOf.set(entry.id, (timesOf.get(entry.id) ?? 0) + 1);
    if (why.reason !== entry.head.reason || why.stage !== entry.head.stage) await rewrite(entry.file, changed).catch(unlessLocked);
    (await all()).set(entry.head.about, changed);
  }

  /** Writes a file again without a letter, or with another head of it. */
  async function rewrite(file: Sequence, changed: { readonly id: Sequence; readonly head?: LetterHead }): Promise<void> {
    const others: (Pick<Kept, "id" | "head"> & { payloads: readonly Buffer[] })[] = [];
    for await (const letter of inFile(file)) {
      const written = decodeHead(letter.bytes);
      const head = letter.id === changed.id ? changed.head : written;
      if (head !== undefined) others.push({ id: letter.id, head, payloads: payloadsOf(letter.bytes, written) });
    }
    if (others.length > 0) return await writeFile(file, others);
    await unlink(join(folder, segmentName(file)));
    await syncFolder(folder);
  }

  /** Durable under its name when it resolves; until then the one before, if there was one, stays in force. */
  async function writeFile(
    first: Sequence,
    entries: readonly (Pick<Kept, "id" | "head"> & { readonly payloads: readonly Buffer[] })[],
  ): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const [master] = keys();
    const sealed = master && newSeal(master, first);
    const file = join(folder, segmentName(first));
    const draft = `${file}.new`;
    const handle = await open(draft, "w", 0o600);
    try {
      await handle.writeFile(encodeHead({ first, createdAt: new Date().toISOString(), ...(sealed && { key: sealed.key }) }));
      for (const { id, head, payloads } of entries) {
        const letter = encodeLetter(head, payloads);
        const record = [recordHead(id, KIND.letter, letter), ...letter];
        const group = sealed?.seal.seal(id, Buffer.concat(record));
        await handle.writeFile(Buffer.concat(group ? [recordHead(id, KIND.sealed, group), ...group] : record));
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
    await syncFolder(folder);
  }

  async function bury(fresh: readonly Letter[]): Promise<void> {
    if (fresh.length === 0) return;
    await inTurn(async () => {
      for (let tries = 1; ; tries++) {
        try {
          await add(fresh);
          for (const { stage, reason, lane, sequence, exchangeId } of fresh) {
            byStage[stage]++;
            onError("a record could not go on and was put aside; see `spangate dead-letters list`", {
              stage,
              reason,
              lane,
              sequence,
              exchange_id: exchangeId,
            });
          }
          return;
        } catch (error) {
          if (tries < TRIES) {
            await setTimeout(RETRY_MS * tries);
            continue;
          }
          lost += fresh.length;
          onError("records that could not go on could not be put aside either, and are lost", {
            records: fresh.length,
            folder,
            error: String(error),
          });
          return;
        }
      }
    });
  }

  async function entryOf(id: Sequence): Promise<Kept | undefined> {
    for (const entry of (await all()).values()) if (entry.id === id) return entry;
    return undefined;
  }

  return {
    bury,
    refused: (span, error) =>
      bury([
        {
          about: aboutSpan(span),
          stage: "store",
          reason: reasonOf(error),
          lane: "spans",
          sequence: 0,
          ...(span.exchangeId !== undefined && { exchangeId: span.exchangeId }),
          holds: "batch",
          payloads: [encodeBatch({ spans: [span], through: {} })],
        },
      ]),
    has: (about) => inTurn(async () => (await all()).has(about)),
    list: () =>
      inTurn(async () =>
        [...(await all()).values()]
          .map(({ id, head: { about: _about, holds: _holds, sizes, ...head } }) => ({
            id,
            ...head,
            bytes: sizes.reduce((sum, size) => sum + size, 0),
          }))
          .sort((one, other) => one.id - other.id),
      ),
    async waiting() {
      lastSize = await all().then(
        ({ size }) => size,
        () => lastSize,
      );
      return lastSize;
    },
    find: (id) =>
      inTurn(async () => {
        const entry = await entryOf(id);
        return entry && { ...entry.head, id, payloads: await contentOf(entry) };
      }),
    remove: (id) =>
      inTurn(async () => {
        const entry = await entryOf(id);
        if (entry === undefined) return;
        await rewrite(entry.file, { id });
        (await all()).delete(entry.head.about);
      }),
    timesBuried: (id) => timesOf.get(id) ?? 0,
    get counts() {
      return { byStage, lost, damaged: damaged.size };
    },
  };
}

/** What is in a file whose key is not at hand is not lost: the letter keeps the reason it had. */
function unlessLocked(error: unknown): void {
  if (!(error instanceof KeyMissing)) throw error;
}

/** A key file that cannot be read for a while must not lose letters: its keys as they were before still seal and open them. */
function lastRead(masters: Masters): () => readonly MasterKey[] {
  if (typeof masters !== "function") return () => masters;
  let known: readonly MasterKey[] | undefined;
  const read = (): readonly MasterKey[] => {
    try {
      known = masters();
    } catch (error) {
      if (known === undefined) throw error;
    }
    return known;
  };
  try {
    read();
  } catch {
    // Whoever needs them first hears of it.
  }
  return read;
}
