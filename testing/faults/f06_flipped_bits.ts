import { open } from "node:fs/promises";
import { counted } from "../conservation.ts";
import type { Fault } from "./fault.ts";
import { rig } from "./rig.ts";
import { expectStored, writeLane } from "./written_lane.ts";

const EXCHANGES = 20;

export const flippedBits: Fault = {
  id: "F06",
  title: "a bit is flipped somewhere in an intake segment",
  holds: "the record it is in is skipped and counted, every other one is stored",
  fast: 25,
  long: 200,
  async run({ count, random, injected, measured }) {
    await using all = await rig();
    const expected = new Map<string, string>();
    for (let index = 0; index < count; index++) {
      const prefix = `f06-${index}-`;
      const ids = Array.from({ length: EXCHANGES }, (_, i) => `${prefix}${i}`);
      const records = ids.map((id) => ({ id, is: "whole" as const }));
      const lane = await writeLane({ dataDir: all.dataDir, name: `gone-${index}`, records });
      const place = random.whole(lane.records[0]?.from ?? 0, (lane.records.at(-1)?.to ?? 0) - 1);
      await flip(lane.file, place, random.whole(0, 7));
      injected();
      for (const { id, from, to } of lane.records) if (place < from || place >= to) expected.set(id, "completed");
    }
    await using gateway = await all.start();
    await expectStored(gateway, "f06-", expected);
    const { damaged } = await counted(gateway);
    if (damaged !== count) throw new Error(`${count} records are damaged, but ${damaged} are counted`);
    measured("records", count * EXCHANGES);
    measured("skipped", count * EXCHANGES - expected.size);
    measured("counted", damaged);
  },
};

async function flip(path: string, place: number, bit: number): Promise<void> {
  await using file = await open(path, "r+");
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, place);
  byte.writeUInt8(byte.readUInt8() ^ (1 << bit));
  await file.write(byte, 0, 1, place);
}
