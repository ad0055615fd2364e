import { truncate } from "node:fs/promises";
import { counted } from "../conservation.ts";
import type { Fault } from "./fault.ts";
import { rig } from "./rig.ts";
import { expectStored, writeLane, type WrittenRecord } from "./written_lane.ts";

/** So many lanes are read by one server. */
const LANES = 100;
const RECORDS = [
  { id: "first", is: "whole" },
  { id: "second", is: "whole" },
  { id: "third", is: "begin" },
  { id: "third", is: "end" },
] as const;
/** The cuts are within the last ones. */
const CUT = 3;

export const tornTail: Fault = {
  id: "F05",
  title: "the intake ends anywhere inside its last three records",
  holds: "the server starts, stores all whole records before the cut, an exchange without its end as `incomplete`, and counts the torn one",
  fast: 40,
  long: 4000,
  async run({ count, random, injected, measured }) {
    const wanted = await cutsOf(count, random.whole);
    let slowest = 0;
    for (let at = 0; at < wanted.length; at += LANES) {
      await using all = await rig();
      const expected = new Map<string, string>();
      let torn = 0;
      for (const [index, cut] of wanted.slice(at, at + LANES).entries()) {
        const prefix = `f05-${String(index).padStart(3, "0")}-`;
        const lane = await writeLane({ dataDir: all.dataDir, name: `gone-${index}`, records: named(prefix) });
        const first = lane.records.at(-CUT)?.from ?? 0;
        const size = Math.min(first + cut, (lane.records.at(-1)?.to ?? 0) - 1);
        await truncate(lane.file, size);
        injected();
        if (!lane.records.some(({ from }) => from === size)) torn++;
        for (const [id, ending] of endingsOf(lane.records.filter(({ to }) => to <= size))) expected.set(id, ending);
      }
      const since = performance.now();
      await using gateway = await all.start();
      slowest = Math.max(slowest, performance.now() - since);
      await expectStored(gateway, "f05-", expected);
      const { damaged } = await counted(gateway);
      if (damaged !== torn) throw new Error(`${torn} torn records, but ${damaged} are counted`);
    }
    measured("bytes of the three records", await span());
    measured("ready, slowest", slowest, "ms");
  },
};

const named = (prefix: string): { id: string; is: WrittenRecord["is"] }[] => RECORDS.map(({ id, is }) => ({ id: `${prefix}${id}`, is }));

/** What the whole records of a lane make, once it is closed. */
function endingsOf(records: readonly WrittenRecord[]): Map<string, string> {
  return new Map(records.map(({ id, is }) => [id, is === "begin" ? "incomplete" : "completed"]));
}

/** Bytes of the records that are cut. */
async function span(): Promise<number> {
  await using all = await rig();
  const { records } = await writeLane({ dataDir: all.dataDir, name: "measured", records: named("f05-000-") });
  return (records.at(-1)?.to ?? 0) - (records.at(-CUT)?.from ?? 0);
}

/** Places in these bytes: each of them where there are no more than `count`, else as many by chance. */
async function cutsOf(count: number, whole: (from: number, to: number) => number): Promise<readonly number[]> {
  const bytes = await span();
  if (bytes <= count) return Array.from({ length: bytes }, (_, place) => place);
  return Array.from({ length: count }, () => whole(0, bytes - 1));
}
