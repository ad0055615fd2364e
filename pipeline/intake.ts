import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Recorded } from "../genai/recorded.ts";
import { journalReader, trim, type Damage, type JournalReader, type Missing } from "../journal/read.ts";
import { KIND, RECORD_HEAD, type JournalRecord, type Sequence } from "../journal/record.ts";
import { KeyMissing, type Masters } from "../journal/seal.ts";
import { listSegments, segmentName } from "../journal/segment.ts";
import type { IntakeCursor } from "./batch.ts";
import { joiner, type Headless, type Joiner } from "./join.ts";
import { aboutExchange, aboutRecord, reasonOf, type Letter } from "./letter.ts";

export interface IntakeOptions {
  /** `journal/intake`, with a folder for each lane. */
  readonly folder: string;
  readonly masters: Masters;
  /** How far the span journal's newest batch says the intake is done. */
  readonly from: IntakeCursor;
  /** Told of stretches that could not be read, */
  readonly onDamage: (damage: Damage & { readonly lane: string }) => void;
  /** and of records that are not there, although later ones are. */
  readonly onMissing?: (missing: Missing & { readonly lane: string }) => void;
}

/** Finished exchanges, and how far the intake is done once they are safe. */
export interface IntakeBatch {
  readonly recorded: readonly Recorded[];
  /** Where each of them ended, in the same order. */
  readonly places: readonly Place[];
  /** Records that are no part of an exchange. */
  readonly poison: readonly Letter[];
  readonly through: IntakeCursor;
  /** Some may have been finished before: what says so was damaged. */
  readonly doubtful: boolean;
  /** What no exchange of a later batch needs. */
  readonly spent: Spent;
  /** Bytes of all records that were read since the batch before, but for their sealing; those that were done with before do not count. */
  readonly journalBytes: number;
}

/** How much of each lane has been read: all that comes before this segment, or the whole lane. */
export type Spent = { readonly [lane: string]: Sequence | "closed" };

export interface Place {
  readonly lane: string;
  /** 0 when it never ended. */
  readonly sequence: Sequence;
}

/** Reads the lanes of all gateway processes, living and dead. */
export interface Intake extends AsyncDisposable {
  /** Lanes that a process still writes; any other is closed, and what is open in it will never end. */
  setLive(lanes: readonly string[]): void;
  /** What has finished since; undefined when nothing has. Rejects when nothing has and a lane could not be read; nothing is lost by that. */
  next(): Promise<IntakeBatch | undefined>;
  /** Remembers what is on the lanes now, for `behind`. */
  mark(): Promise<void>;
  /** Whether some of what was there at the last mark may still have to be read. False comes rather late than early. */
  readonly behind: boolean;
  /** Why a lane could not be read the last time, also when others could; undefined when all could. */
  readonly failing: unknown;
  /** A batch and all before it are safe, or all that was read: deletes what no other exchange needs. */
  release(spent?: Spent): Promise<void>;
  /** Bytes on the disk that are in no batch yet, without those of exchanges that are open. */
  backlogBytes(): Promise<number>;
}

interface Lane {
  readonly name: string;
  readonly folder: string;
  readonly reader: JournalReader;
  readonly joiner: Joiner;
  /** `end` of the last finished exchange. */
  done: Sequence;
  closed: boolean;
  damaged: boolean;
  /** A segment is sealed with a key that is not at hand: it and all behind it wait for the next process. */
  locked: boolean;
  /** Segments before this one are deleted. */
  trimmed: Sequence;
  /** Bytes that were there at the last mark, without those of the records read since. */
  owed: number;
}

export function intake({ folder, masters, from, onDamage, onMissing }: IntakeOptions): Intake {
  const lanes = new Map<string, Lane>();
  /** Why a lane could not be read the last time. */
  const failing = new Map<Lane, unknown>();
  let live: ReadonlySet<string> | undefined;
  let checked = false;
  /** What is being read now, */
  let reading: Finished | undefined;
  /** and bytes read since the last batch, of exchanges that had not ended. */
  let openBytes = 0;

  async function findLanes(): Promise<void> {
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    });
    for (const entry of entries) {
      const { name } = entry;
      if (lanes.has(name) || !entry.isDirectory()) continue;
      lanes.set(name, newLane(name, from[name] ?? 0));
    }
    if (checked) return;
    checked = true;
    for (const [name, done] of Object.entries(from)) {
      if (done === "closed" || done === 0 || (await listSegments(join(folder, name))).length > 0) continue;
      onDamage({
        lane: name,
        segment: join(folder, name),
        offset: 0,
        reason: `all its files are gone; records behind ${done} are lost, if there were any`,
      });
    }
  }

  function newLane(name: string, from: Sequence | "closed"): Lane {
    const path = join(folder, name);
    const closed = from === "closed";
    const done = closed ? Infinity : from;
    // Read from its beginning: exchanges that were open at the last batch began before it.
    const reader = journalReader({
      folder: path,
      after: 0,
      missedAfter: done,
      masters,
      onDamage(damage) {
        lane.damaged = true;
        onDamage({ lane: name, ...damage });
      },
      onMissing(missing) {
        lane.damaged = true;
        onMissing?.({ lane: name, ...missing });
      },
    });
    const lane: Lane = { name, folder: path, reader, joiner: joiner(), done, closed, damaged: false, locked: false, trimmed: 0, owed: 0 };
    return lane;
  }

  interface Failed {
    readonly error: unknown;
  }

  interface Finished {
    readonly recorded: Recorded[];
    readonly places: Place[];
    readonly poison: Letter[];
    doubtful: boolean;
    bytes: number;
  }

  /** Reads on in one lane; adds what finished to `finished`. Returns whether there was anything. */
  async function readLane(lane: Lane, finished: Finished): Promise<boolean> {
    const { name } = lane;
    const over = live !== undefined && !live.has(name);
    const read = await lane.reader.read();
    // Nobody writes a closed lane any more: what is torn at its end stays so.
    const records = over && read.length === 0 ? lane.reader.end() : read;
    const segment = lane.reader.segment ?? 0;
    for (const record of records) {
      const bytes = RECORD_HEAD + record.payload.length;
      lane.owed -= bytes;
      if (record.sequence > lane.done) finished.bytes += bytes;
      addRecord(lane, record, segment, finished);
    }
    if (records.length === 0) lane.owed = 0;
    if (over && records.length === 0) {
      const { recorded, headless } = lane.joiner.abandon();
      for (const each of recorded) finish(finished, each, { lane: name, sequence: 0 });
      finished.poison.push(...headless.map((each) => headlessLetter(name, each)));
      finished.doubtful ||= lane.damaged && recorded.length > 0;
      lane.closed = true;
    }
    return records.length > 0;
  }

  function addRecord(lane: Lane, record: JournalRecord, segment: Sequence, finished: Finished): void {
    const { name } = lane;
    const { sequence } = record;
    const isNew = sequence > lane.done;
    try {
      const ended = lane.joiner.add(record, segment);
      if (!isNew || record.kind !== KIND.end) return;
      if (ended !== undefined && "pieces" in ended) finished.poison.push(headlessLetter(name, ended));
      else if (ended !== undefined) finish(finished, ended, { lane: name, sequence });
    } catch (error) {
      if (!isNew) return;
      finished.poison.push({
        about: aboutRecord(name, sequence),
        stage: "read",
        reason: `it is no piece of an exchange: ${reasonOf(error)}`,
        lane: name,
        sequence,
        holds: "pieces",
        payloads: [record.payload],
      });
    }
    lane.done = sequence; // all that ended before it is in this batch, or in one before
  }

  /** What keeps one lane from being read must not keep the others. Returns like `readLane`. */
  async function readSafely(lane: Lane, finished: Finished): Promise<boolean | Failed> {
    try {
      const read = await readLane(lane, finished);
      failing.delete(lane);
      return read;
    } catch (error) {
      lane.owed = 0;
      if (!(error instanceof KeyMissing)) {
        failing.set(lane, error);
        return { error };
      }
      lane.locked = true;
      onDamage({ lane: lane.name, segment: segmentName(lane.reader.segment ?? 0), offset: 0, reason: `${error.message}, and start again` });
      return false;
    }
  }

  /** Reads on in all lanes until something has finished or a lane is over. Returns whether there is that; throws when a lane failed instead. */
  async function readUntilFound(finished: Finished): Promise<boolean> {
    const found = (): boolean => finished.recorded.length + finished.poison.length > 0;
    let closing = false;
    let progress = true;
    let failed: Failed | undefined;
    while (progress && !found() && !closing) {
      progress = false;
      for (const lane of lanes.values()) {
        if (lane.closed || lane.locked) continue;
        const read = await readSafely(lane, finished);
        if (typeof read === "object") failed = read;
        else progress ||= read;
        closing ||= lane.closed;
      }
    }
    if (found() || closing) return true;
    if (failed !== undefined) throw failed.error;
    return false;
  }

  const cursor = (): IntakeCursor => Object.fromEntries([...lanes].map(([name, { done, closed }]) => [name, closed ? "closed" : done]));

  function spent(): Spent {
    const entries = [...lanes].flatMap(([name, { closed, reader, joiner }]): [string, Sequence | "closed"][] => {
      if (closed) return [[name, "closed"]];
      const segment = reader.segment;
      return segment === undefined ? [] : [[name, Math.min(segment, joiner.oldestNeeded() ?? segment)]];
    });
    return Object.fromEntries(entries);
  }

  return {
    setLive(names) {
      live = new Set(names);
    },
    async next() {
      await findLanes();
      const finished: Finished = { recorded: [], places: [], poison: [], doubtful: false, bytes: 0 };
      reading = finished;
      try {
        if (!(await readUntilFound(finished))) return undefined;
      } finally {
        reading = undefined;
        openBytes += finished.bytes;
      }
      const { recorded, places, poison, doubtful } = finished;
      const journalBytes = openBytes;
      openBytes = 0;
      return { recorded, places, poison, doubtful, through: cursor(), spent: spent(), journalBytes };
    },
    async mark() {
      await findLanes();
      for (const lane of lanes.values()) lane.owed = lane.closed || lane.locked ? 0 : await lane.reader.backlogBytes();
    },
    get failing() {
      return [...failing.values()][0];
    },
    get behind() {
      return [...lanes.values()].some(({ owed }) => owed > 0);
    },
    async release(upTo = spent()) {
      for (const [name, keep] of Object.entries(upTo)) {
        const lane = lanes.get(name);
        if (lane === undefined) continue;
        if (keep !== "closed") {
          if (keep > lane.trimmed) await trim(lane.folder, keep);
          lane.trimmed = keep;
          continue;
        }
        await lane.reader[Symbol.asyncDispose]();
        await rm(lane.folder, { recursive: true, force: true });
        lanes.delete(name);
      }
    },
    async backlogBytes() {
      await findLanes();
      let bytes = 0;
      for (const { reader } of lanes.values()) bytes += await reader.backlogBytes();
      return bytes + (reading?.bytes ?? 0); // behind the others: what is read meanwhile is counted twice rather than not at all
    },
    async [Symbol.asyncDispose]() {
      for (const { reader } of lanes.values()) await reader[Symbol.asyncDispose]();
    },
  };
}

function finish(into: { readonly recorded: Recorded[]; readonly places: Place[] }, recorded: Recorded, place: Place): void {
  into.recorded.push(recorded);
  into.places.push(place);
}

function headlessLetter(lane: string, { exchangeId, pieces, sequence }: Headless): Letter {
  return {
    about: aboutExchange(exchangeId),
    stage: "read",
    reason: "the beginning of this exchange is damaged or gone",
    lane,
    sequence,
    exchangeId,
    holds: "pieces",
    payloads: pieces,
  };
}
