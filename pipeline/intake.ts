import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Recorded } from "../genai/recorded.ts";
import { journalReader, trim, type JournalReader } from "../journal/read.ts";
import { KIND, RECORD_HEAD, type Sequence } from "../journal/record.ts";
import type { MasterKey } from "../journal/seal.ts";
import type { IntakeCursor } from "./batch.ts";
import { joiner, type Joiner } from "./join.ts";

export interface IntakeOptions {
  /** `journal/intake`, with a folder for each lane. */
  readonly folder: string;
  readonly masters: readonly MasterKey[];
  /** How far the span journal's newest batch says the intake is done. */
  readonly from: IntakeCursor;
  /** Told of records that could not be read. */
  readonly onDamage: (damage: { readonly segment: string; readonly offset: number; readonly reason: string }) => void;
}

/** Finished exchanges, and how far the intake is done once they are safe. */
export interface IntakeBatch {
  readonly recorded: readonly Recorded[];
  readonly through: IntakeCursor;
}

/** Reads the lanes of all gateway processes, living and dead. */
export interface Intake extends AsyncDisposable {
  /** Lanes that a process still writes; any other is closed, and what is open in it will never end. */
  setLive(lanes: readonly string[]): void;
  /** What has finished since; undefined when nothing has. */
  next(): Promise<IntakeBatch | undefined>;
  /** Remembers what is on the lanes now, for `behind`. */
  mark(): Promise<void>;
  /** Whether some of what was there at the last mark may still have to be read. False comes rather late than early. */
  readonly behind: boolean;
  /** `next` is safe: deletes what no open exchange needs any more. */
  release(): Promise<void>;
  backlogBytes(): Promise<number>;
}

interface Lane {
  readonly folder: string;
  readonly reader: JournalReader;
  readonly joiner: Joiner;
  /** `end` of the last finished exchange. */
  done: Sequence;
  closed: boolean;
  /** Bytes that were there at the last mark, without those of the records read since. */
  owed: number;
}

export function intake({ folder, masters, from, onDamage }: IntakeOptions): Intake {
  const lanes = new Map<string, Lane>();
  let live: ReadonlySet<string> | undefined;

  async function findLanes(): Promise<void> {
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    });
    for (const entry of entries) {
      const { name } = entry;
      if (lanes.has(name) || !entry.isDirectory()) continue;
      const done = from[name] ?? 0;
      const path = join(folder, name);
      // Read from its beginning: exchanges that were open at the last batch began before it.
      const reader = journalReader({ folder: path, after: 0, masters, onDamage });
      const closed = done === "closed";
      lanes.set(name, { folder: path, reader, joiner: joiner(), done: closed ? Infinity : done, closed, owed: 0 });
    }
  }

  /** Reads on in one lane; adds what finished to `finished`. Returns whether there was anything. */
  async function readLane(name: string, lane: Lane, finished: Recorded[]): Promise<boolean> {
    const over = live !== undefined && !live.has(name);
    const read = await lane.reader.read();
    // Nobody writes a closed lane any more: what is torn at its end stays so.
    const records = over && read.length === 0 ? lane.reader.end() : read;
    const segment = lane.reader.segment ?? 0;
    for (const record of records) {
      lane.owed -= RECORD_HEAD + record.payload.length;
      const recorded = addSafely(lane, record, segment);
      if (record.kind !== KIND.end || record.sequence <= lane.done) continue;
      lane.done = record.sequence;
      if (recorded) finished.push(recorded);
    }
    if (records.length === 0) lane.owed = 0;
    if (over && records.length === 0) {
      finished.push(...lane.joiner.abandon());
      lane.closed = true;
    }
    return records.length > 0;
  }

  function addSafely(lane: Lane, record: Parameters<Joiner["add"]>[0], segment: Sequence): Recorded | undefined {
    try {
      return lane.joiner.add(record, segment);
    } catch (error) {
      onDamage({ segment: `${lane.folder}/${segment}`, offset: record.sequence, reason: (error as Error).message });
      return undefined;
    }
  }

  const cursor = (): IntakeCursor => Object.fromEntries([...lanes].map(([name, { done, closed }]) => [name, closed ? "closed" : done]));

  return {
    setLive(names) {
      live = new Set(names);
    },
    async next() {
      await findLanes();
      const recorded: Recorded[] = [];
      let closing = false;
      let progress = true;
      while (progress && recorded.length === 0 && !closing) {
        progress = false;
        for (const [name, lane] of lanes) {
          if (lane.closed) continue;
          progress = (await readLane(name, lane, recorded)) || progress;
          closing ||= lane.closed;
        }
      }
      return recorded.length > 0 || closing ? { recorded, through: cursor() } : undefined;
    },
    async mark() {
      await findLanes();
      for (const lane of lanes.values()) lane.owed = lane.closed ? 0 : await lane.reader.backlogBytes();
    },
    get behind() {
      return [...lanes.values()].some(({ owed }) => owed > 0);
    },
    async release() {
      for (const [name, lane] of lanes) {
        if (lane.closed) {
          await lane.reader[Symbol.asyncDispose]();
          await rm(lane.folder, { recursive: true, force: true });
          lanes.delete(name);
          continue;
        }
        const segment = lane.reader.segment;
        if (segment !== undefined) await trim(lane.folder, Math.min(segment, lane.joiner.oldestNeeded() ?? segment));
      }
    },
    async backlogBytes() {
      await findLanes();
      let bytes = 0;
      for (const { reader } of lanes.values()) bytes += await reader.backlogBytes();
      return bytes;
    },
    async [Symbol.asyncDispose]() {
      for (const { reader } of lanes.values()) await reader[Symbol.asyncDispose]();
    },
  };
}
