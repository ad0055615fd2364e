import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { contradictions, storedCalls, type Stored } from "../conservation.ts";
import type { Gateway } from "../gateway.ts";
import { eventually } from "../eventually.ts";
import { lane, openedAs } from "../lane.ts";
import { replyBody, type CallScript } from "../scripted_upstream.ts";
import { loadOrCreateKey } from "../../journal/seal.ts";
import { decodeHead, listSegments, segmentName } from "../../journal/segment.ts";

/** A lane as a gateway process left it that is gone: each record was written by itself. */
export interface WrittenLane {
  readonly folder: string;
  readonly records: readonly WrittenRecord[];
  /** Path of the newest segment. */
  readonly file: string;
}

export interface WrittenRecord {
  readonly id: string;
  /** A whole exchange, or one of the two records of one. */
  readonly is: "whole" | "begin" | "end";
  /** The segment's path, and where in it the record stands. */
  readonly file: string;
  readonly from: number;
  readonly to: number;
}

export interface WriteOptions {
  readonly dataDir: string;
  readonly name: string;
  readonly records: readonly Pick<WrittenRecord, "id" | "is">[];
  /** As few fit into a segment as the next one may not. */
  readonly segmentBytes?: number;
}

/** Writes exchanges to a lane of the data folder, sealed as the server would. */
export async function writeLane({ dataDir, name, records, segmentBytes = 2 ** 26 }: WriteOptions): Promise<WrittenLane> {
  const intake = join(dataDir, "journal", "intake");
  const folder = join(intake, name);
  const master = loadOrCreateKey(join(dataDir, "keys", "intake.key"));
  await using writing = await lane({ folder: intake, name, segmentBytes, master });
  const newest = async (): Promise<{ file: string; size: number }> => {
    const file = join(folder, segmentName((await listSegments(folder)).at(-1) ?? 0));
    return { file, size: (await stat(file)).size };
  };
  const written: WrittenRecord[] = [];
  let before = await newest();
  for (const { id, is } of records) {
    const opened = openedAs(id, { headers: [["x-spangate-conversation", id]] });
    const request = [Buffer.from(JSON.stringify({ model: "scripted", messages: [{ role: "user", content: `What is ${id}?` }] }))];
    const response = [{ atUs: 2000, bytes: Buffer.from(replyBody(scriptOf(id))) }];
    if (is === "whole") writing.end(id, { opened, request, response });
    else if (is === "begin") writing.begin(id, { opened, request });
    else writing.end(id, { response });
    await writing.written();
    const now = await newest();
    const from = now.file === before.file ? before.size : await headLength(now.file);
    written.push({ id, is, file: now.file, from, to: now.size });
    before = now;
  }
  return { folder, records: written, file: before.file };
}

async function headLength(file: string): Promise<number> {
  return decodeHead(await readFile(file))?.length ?? 0;
}

const scriptOf = (id: string): CallScript => ({ id, stream: false, words: 5, everyMs: 0 });

/** Waits until the store has of these calls what is expected, by id its ending, and throws with what differs. */
export async function expectStored(gateway: Gateway, prefix: string, expected: ReadonlyMap<string, string>): Promise<void> {
  const differing = (stored: readonly Stored[]): readonly string[] => {
    const rows = Map.groupBy(stored, ({ id }) => id);
    const ids = new Set([...rows.keys(), ...expected.keys()]);
    return [...ids].flatMap((id) => {
      const endings = (rows.get(id) ?? []).map(({ ending }) => ending).join(" and ") || "not at all";
      const [row] = rows.get(id) ?? [];
      const should = expected.get(id) ?? "not at all";
      if (endings !== should) return [`${id} is stored as ${endings}, expected ${should}`];
      return row?.ending === "completed" ? [...contradictions(row, scriptOf(id))].map((what) => `${id} is ${what}`) : [];
    });
  };
  let last: readonly string[] = [];
  await eventually(
    async () => (last = differing(await storedCalls(gateway, prefix))),
    ({ length }) => length === 0,
    20_000,
  ).catch(() => {
    throw new Error(`${last.length} of ${expected.size} exchanges are not as expected:\n  ${last.slice(0, 20).join("\n  ")}`);
  });
}
