import { mkdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Sequence } from "../journal/record.ts";
import { fileChecks } from "./check.ts";
import { COLUMNS } from "./columns.ts";
import { engine, isOutOfMemory } from "./engine.ts";
import type { PublishedFile } from "./manifest.ts";
import { publishTable, type PublishOptions, type PublishStep } from "./publish.ts";
import { recover } from "./recover.ts";
import { readRows } from "./rows.ts";
import { setAside } from "./set_aside.ts";
import { StoreFull, type SpanStore } from "./store.ts";
import { createTable, DAY, insertAll, insertEach, type OnRefused, type Taken } from "./tail.ts";
import { literal, publishedRows, writeViews } from "./views.ts";

export interface DuckdbStoreOptions {
  readonly dataDir: string;
  /** Rows wait in memory no longer than this. Milliseconds. */
  readonly publishAfterMs?: number;
  /**
   * Nor do more of them than about this: who appends then waits until they are published. While that fails, twice as many are kept.
   * Bytes of JSON.
   */
  readonly publishAtBytes?: number;
  /** Told of a span the table would not take; it is left out. A promise is waited for: what is put aside is safe before rows behind it are published. */
  readonly onRefused: OnRefused;
  readonly onError: (error: unknown) => void;
  /** Told of what is damaged on the disk, and what was done about it. Else `onError` is. */
  readonly onDamage?: (message: string, facts: object) => void;
  /** The engine is beyond use: only a new process helps. Else `onError` is told. */
  readonly onFatal?: (error: unknown) => void;
  /** Sees each step of each publication, and holds it up as long as it likes. */
  readonly onPublishStep?: (step: PublishStep) => void | Promise<void>;
}

const TICK_MS = 1000;
/** How soon a file that vanished or changed is noticed when nobody asks. */
const CHECK_FILES_EVERY_MS = 10_000;
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;

const PUBLISH_AT_BYTES = 24 * 1024 * 1024;
/** Of the quota of all journals: they hold what is not published, and must have room for what comes. */
const PUBLISH_PART = 16;
const LEAST_PUBLISH_AT_BYTES = 256 * 1024;

/** When rows are published, for the quota of the journals in bytes. */
export const publishWithin = (quota: number): { readonly publishAtBytes: number } => ({
  publishAtBytes: Math.max(LEAST_PUBLISH_AT_BYTES, Math.min(PUBLISH_AT_BYTES, Math.floor(quota / PUBLISH_PART))),
});

/**
 * A table of rows that are in no file yet. Two take turns: one takes new rows while those of the other are published. That one is then
 * replaced.
 */
interface Tail {
  readonly table: string;
  rows: number;
  /** Bytes of JSON. */
  bytes: number;
  /** When its first row came, on the monotonic clock. */
  since: number;
  /** The batches that went to it: where in the span journal each one stands, and how many rows the table had behind it. */
  readonly batches: { readonly through: Sequence; readonly rows: number }[];
}

const newTail = (table: string): Tail => ({ table, rows: 0, bytes: 0, since: Infinity, batches: [] });
const lastBatch = ({ batches }: Tail): Sequence => batches.at(-1)?.through ?? 0;

/** Newest rows in memory, all others in Parquet files; one view over both. */
export async function duckdbStore(options: DuckdbStoreOptions): Promise<SpanStore> {
  const { dataDir, publishAfterMs = 60_000, publishAtBytes = PUBLISH_AT_BYTES, onRefused, onError, onFatal = onError } = options;
  const onDamage = options.onDamage ?? ((message: string, facts: object) => onError(new Error(`${message}: ${JSON.stringify(facts)}`)));
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const instance = await engine();
  const writer = await instance.connect();
  const publisher = await instance.connect();
  const published = await recover({ dataDir, connection: publisher, onDamage });
  const checks = fileChecks(dataDir);

  let open = newTail("tail_a");
  let other = newTail("tail_b");
  let stored = 0;
  let refused = 0;
  /** What the view of this engine is over, and what `spans.duckdb` is. */
  let rowsShown: readonly string[] = [];
  let filesShown: readonly string[] | undefined;
  let viewsStamp: string | undefined;
  let publishing: Promise<void> | undefined;
  let appending: Promise<void> = Promise.resolve();
  let turn: Promise<unknown> = Promise.resolve();
  let failures = 0;
  let retryAt = 0;
  let checkedAt = performance.now();

  const files = (): string[] => published.files().map(({ path }) => path);
  /** No other file is opened, by this engine or by whoever opens `spans.duckdb`. */
  const checkedFiles = (): string[] =>
    published
      .files()
      .filter((file) => checks.passed(file))
      .map(({ path }) => path);

  await transaction(writer, [createTable(open.table), createTable(other.table), createView([], [open, other])]);
  if (files().length === 0) await showFiles().catch(onError);
  let checking = checkAndShow().catch(onError);

  const timer = setInterval(() => {
    const now = performance.now();
    const due = now - open.since >= publishAfterMs || open.bytes >= publishAtBytes;
    const failedBefore = publishing === undefined && other.rows > 0;
    if ((due || failedBefore) && now >= retryAt) flush().catch(onError);
    else if (now - checkedAt >= CHECK_FILES_EVERY_MS) {
      checkedAt = now;
      checking = checkAndShow().catch(onError);
    }
  }, TICK_MS);
  timer.unref();

  /** Rows may be in files, and in the table too that could not be emptied yet. */
  function createView(paths: readonly string[], tails: readonly Tail[]): string {
    const columns = COLUMNS.map(({ name }) => name).join(", ");
    const rows = tails.map((tail) => `SELECT ${columns} FROM ${tail.table} WHERE rowid >= ${publishedOf(tail).rows}`);
    const all = publishedRows(paths.map((file) => resolve(dataDir, file)));
    return `CREATE OR REPLACE VIEW spans AS ${[...rows, all].join(" UNION ALL ")}`;
  }

  /** How many of its batches, and of its rows, are in files. */
  function publishedOf({ batches }: Tail): { readonly batches: number; readonly rows: number } {
    const last = batches.findLastIndex(({ through }) => through <= published.through());
    return { batches: last + 1, rows: batches[last]?.rows ?? 0 };
  }

  /** What changes files or views runs one after the other. */
  function inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = turn.then(work);
    turn = done.catch(() => {});
    return done;
  }

  async function showRows(): Promise<void> {
    const paths = checkedFiles();
    if (isSame(paths, rowsShown)) return;
    await transaction(publisher, [createView(paths, [open, other])]);
    rowsShown = paths;
  }

  /** Writes `spans.duckdb` when it is not over the files that count, or not the one that was written. */
  async function showFiles(): Promise<void> {
    await inTurn(async () => {
      const paths = checkedFiles();
      if (paths.length < files().length) throw new Error("a published file was touched since it was checked");
      if (filesShown !== undefined && isSame(paths, filesShown) && viewsStamp === stampOf(join(dataDir, "spans.duckdb"))) return;
      await writeViews(dataDir, paths);
      filesShown = paths;
      viewsStamp = stampOf(join(dataDir, "spans.duckdb"));
    });
  }

  /** Checks what was not checked since it was last touched, newest first. */
  async function wholeFiles(): Promise<readonly string[]> {
    for (;;) {
      const unchecked = published.files().filter((file) => !checks.passed(file));
      for (const file of unchecked.toReversed()) {
        const reason = await checks.check(file);
        if (reason !== undefined) await withdraw(file, reason);
      }
      if (unchecked.length > 0) continue;
      const paths = checkedFiles();
      if (isSame(paths, rowsShown)) return paths;
      await doneUnlessTouched(() => inTurn(showRows));
    }
  }

  async function checkAndShow(): Promise<void> {
    do await wholeFiles();
    while (!(await doneUnlessTouched(showFiles)));
  }

  /** A view cannot be made over a file that was touched since it was checked: then the next check sees to it, and this is false. */
  async function doneUnlessTouched(work: () => Promise<void>): Promise<boolean> {
    const before = published.files();
    try {
      await work();
      return true;
    } catch (error) {
      if (before.length === files().length && before.every((file) => checks.passed(file))) throw error;
      return false;
    }
  }

  async function withdraw(file: PublishedFile, reason: string): Promise<void> {
    await inTurn(async () => {
      if (!files().includes(file.path)) return; // somebody else noticed
      const written = published.withdraw({ path: file.path, reason }).catch(onError);
      await doneUnlessTouched(showRows);
      await written;
      const movedTo = await setAside(dataDir, file.path).catch(onError);
      const { path, rows } = file;
      onDamage("a published file is damaged or missing; its rows are left out of every answer", {
        file: path,
        rows,
        reason,
        ...(typeof movedTo === "string" && { moved_to: movedTo }),
      });
    });
  }

  /** A question or a publication failed: was it the engine? Then it will answer nothing any more. */
  async function checkEngine(): Promise<void> {
    try {
      const connection = await instance.connect();
      await connection.run("SELECT 1");
      connection.closeSync();
    } catch (error) {
      onFatal(error);
    }
  }

  type Insert = (table: string, alone: boolean) => Promise<Taken>;

  /** One batch at a time, and all of it to one table. One for which there is no memory comes again when all before it are in files. */
  async function append(through: Sequence, insert: Insert): Promise<void> {
    if (open.bytes >= publishAtBytes) await makeRoom();
    try {
      await appendNow(through, insert);
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
      await publishAll().catch((cause: unknown) => {
        throw new StoreFull("there is no memory for more rows, and those there cannot be published", { cause });
      });
      await appendNow(through, insert);
    }
  }

  async function appendNow(through: Sequence, insert: Insert): Promise<void> {
    const appended = appending.then(async () => {
      const last = Math.max(lastBatch(open), lastBatch(other), published.through());
      if (through <= last)
        throw new Error(`batch ${through} came when the store had batch ${last}; it takes each batch once, in their order`);
      const taken = await insert(open.table, open.rows + other.rows === 0);
      open.rows += taken.rows;
      open.bytes += taken.bytes;
      open.batches.push({ through, rows: open.rows });
      if (taken.rows > 0) open.since = Math.min(open.since, performance.now());
      stored += taken.rows;
      refused += taken.refused;
    });
    appending = appended.catch(() => {});
    await appended;
  }

  async function publish(): Promise<void> {
    await publishTail(other); // has rows when a publication failed
    appending = appending.then(() => {
      [open, other] = [other, open];
    });
    await appending;
    await publishTail(other);
  }

  async function publishRows(what: Pick<PublishOptions, "table" | "rows" | "after" | "through" | "replaces">): Promise<void> {
    const files = await publishTable({ ...what, connection: publisher, dataDir, published, onStep: options.onPublishStep });
    for (const file of files) checks.trust(file);
  }

  /**
   * Moves rows from memory to files; goes on where it failed the last time. Batches that the engine has not the memory to write together go in
   * smaller parts, each a publication of its own.
   */
  async function publishTail(tail: Tail): Promise<void> {
    let most = Infinity;
    for (;;) {
      const { batches: done, rows: from } = publishedOf(tail);
      const part = tail.batches.slice(done, done + most);
      const last = part.at(-1);
      if (last === undefined) break;
      try {
        await publishRows({ table: tail.table, rows: { from, to: last.rows }, after: published.through(), through: last.through });
        most *= 2;
      } catch (error) {
        if (!isOutOfMemory(error) || part.length === 1) throw error;
        most = Math.floor(part.length / 2);
      }
    }
    if (tail.rows === 0) {
      tail.batches.length = 0;
      return;
    }
    const emptied = await doneUnlessTouched(() => empty(tail));
    if (!emptied) await empty(tail); // the view leaves out what was touched
  }

  /** From one moment to the next its rows are those of the files. */
  async function empty(tail: Tail): Promise<void> {
    const paths = checkedFiles();
    const fresh = newTail(tail.table);
    await transaction(publisher, [createTable(tail.table), createView(paths, [fresh, tail === open ? other : open])]);
    rowsShown = paths;
    Object.assign(tail, fresh);
  }

  /** One publication at a time; who comes while one runs waits for the next, which has their rows. */
  async function publishAll(): Promise<void> {
    await publishing?.catch(() => {});
    publishing ??= inTurn(publish)
      .then(() => {
        failures = 0;
        retryAt = 0;
      })
      .catch(async (error: unknown) => {
        retryAt = performance.now() + Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures++) * (0.5 + Math.random() / 2);
        await checkEngine();
        throw error;
      })
      .finally(() => {
        publishing = undefined;
      });
    await publishing;
  }

  async function flush(): Promise<void> {
    await publishAll();
    await checkAndShow();
  }

  /** Waits until the rows in memory are published; rejects when that fails and both tables are full. */
  async function makeRoom(): Promise<void> {
    try {
      if (performance.now() < retryAt) throw new Error(`it failed ${failures} times and is tried again later`);
      await publishAll();
    } catch (cause) {
      if (open.bytes < publishAtBytes) return; // the other table takes rows now
      throw new StoreFull("the rows in memory cannot be published, and no more fit in", { cause });
    }
  }

  return {
    async position() {
      return published.through();
    },
    append: ({ spans, through }) => append(through, (table, alone) => insertAll(writer, table, spans, { onRefused, alone })),
    appendEach: ({ spans, through }, beforeEach) =>
      append(through, (table, alone) => insertEach(writer, table, spans, { onRefused, alone, beforeEach })),
    flush,
    async query(statement, parameters = []) {
      await wholeFiles();
      const connection = await instance.connect();
      try {
        const prepared = await connection.prepare(statement);
        prepared.bind([...parameters]);
        return await readRows(await prepared.run());
      } catch (error) {
        await checkEngine();
        throw error;
      } finally {
        connection.closeSync();
      }
    },
    files,
    wholeFiles,
    missing: () =>
      published
        .gaps()
        .filter(({ refilled }) => !refilled)
        .map(({ file: { path, tenant, day, after, through } }) => ({ path, tenant, day, after, through })),
    async refill({ path, tenant, day, after, through }, batches) {
      await inTurn(async () => {
        await publisher.run(createTable("refill"));
        try {
          // What the table does not take was refused the first time, and counted.
          for await (const spans of batches) {
            const own = spans.filter((span) => span.tenant === tenant);
            await insertAll(publisher, "refill", own, { onRefused: () => {} });
          }
          await publisher.run(`DELETE FROM refill WHERE ${DAY} != ${literal(day)}`);
          await publishRows({ table: "refill", after, through, replaces: [path] });
        } finally {
          await publisher.run("DROP TABLE refill").catch(() => {}); // else the next one replaces it
        }
        await showRows();
        const missing = published.gaps().find(({ file }) => file.path === path)?.missing ?? 0;
        onDamage("what the span journal still held of a damaged or missing file is published again", {
          file: path,
          rows_still_missing: missing,
        });
      });
      await checkAndShow();
    },
    get damagedFiles() {
      return published.gaps().length;
    },
    get missingRows() {
      return published.gaps().reduce((sum, { missing }) => sum + missing, 0);
    },
    get stored() {
      return stored;
    },
    get refused() {
      return refused;
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      try {
        await flush();
      } finally {
        await checking;
        await checks[Symbol.asyncDispose]();
        writer.closeSync();
        publisher.closeSync();
        instance.closeSync();
      }
    },
  };
}

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((path, i) => path === other[i]);

function stampOf(file: string): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  return found && `${found.ino} ${found.size} ${found.mtimeMs}`;
}

async function transaction(connection: DuckDBConnection, statements: readonly string[]): Promise<void> {
  await connection.run("BEGIN");
  try {
    for (const statement of statements) await connection.run(statement);
    await connection.run("COMMIT");
  } catch (error) {
    await connection.run("ROLLBACK").catch(() => {}); // the engine may have done so itself
    throw error;
  }
}
