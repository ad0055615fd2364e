import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { assertConserved, assertNone, counted, settled } from "../conservation.ts";
import { listSegments, segmentName } from "../../journal/segment.ts";
import type { Fault } from "./fault.ts";
import { rig } from "./rig.ts";
import { expectStored, writeLane } from "./written_lane.ts";

const TAIL_BYTES = 4096;
const EXCHANGES = 5;

export const garbageTail: Fault = {
  id: "F07",
  title: "zeros or garbage behind the last record, of the intake and of the span journal",
  holds: "zeros are an end like any other, garbage is counted as one damage; all records before it are stored, and later ones too",
  fast: 10,
  long: 100,
  async run({ count, random, injected, measured }) {
    await using all = await rig();
    const expected = new Map<string, string>();
    let garbage = 0;
    const tail = (): Buffer => {
      if (random.whole(0, 1) === 0) return Buffer.alloc(TAIL_BYTES);
      garbage++;
      return random.bytes(TAIL_BYTES);
    };
    for (let index = 0; index < count - 1; index++) {
      const ids = Array.from({ length: EXCHANGES }, (_, i) => `f07-${index}-${i}`);
      const lane = await writeLane({ dataDir: all.dataDir, name: `gone-${index}`, records: ids.map((id) => ({ id, is: "whole" })) });
      await appendFile(lane.file, tail());
      injected();
      for (const id of ids) expected.set(id, "completed");
    }
    {
      await using gateway = await all.start();
      await expectStored(gateway, "f07-", expected);
      const { damaged } = await counted(gateway);
      if (damaged !== garbage) throw new Error(`${garbage} tails are garbage, but ${damaged} stretches are counted as damaged`);
      measured("stretches counted", damaged);
    }
    const spans = join(all.dataDir, "journal", "spans");
    await appendFile(join(spans, segmentName((await listSegments(spans)).at(-1) ?? 0)), tail());
    injected();
    await using gateway = await all.start();
    for (let i = 0; i < EXCHANGES; i++) await all.client.call({ id: `after-${i}`, stream: false, words: 3, everyMs: 0 });
    assertNone((await settled(gateway, "after-", { ledger: all.client.ledger, upstream: all.upstream.log })).differences);
    await expectStored(gateway, "f07-", expected);
    await assertConserved(gateway);
  },
};
