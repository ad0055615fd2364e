import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { journal } from "./append.ts";
import { journalReader } from "./read.ts";
import { KIND } from "./record.ts";
import { addKey, KeyMissing, loadKeys, loadOrCreateKey } from "./seal.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spangate-seal-"));
  file = join(folder, "intake.key");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a key that is added comes first, and the file stays its owner's alone", () => {
  const first = loadOrCreateKey(file);
  const second = addKey(file);
  const third = addKey(file);
  expect(loadKeys(file).map(({ id }) => id)).toEqual([third.id, second.id, first.id]);
  expect(loadOrCreateKey(file)).toEqual(third);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("keys are only made where that is asked for", () => {
  expect(() => loadKeys(file)).toThrow("ENOENT");
  expect(() => addKey(file)).toThrow("ENOENT");
  writeFileSync(file, `${"ab".repeat(32)}\n${"ab".repeat(31)}\n`);
  expect(() => loadKeys(file)).toThrow("64 hex digits");
});

test("a rotated key seals the next segment, and both open with the keys of the file", async () => {
  loadOrCreateKey(file);
  const place = join(folder, "lane");
  {
    await using writer = await journal({ folder: place, first: 1, segmentBytes: 2 ** 20, maxAgeMs: 0, master: () => loadKeys(file)[0] });
    writer.append(KIND.end, [Buffer.from("before")]);
    await writer.written();
    addKey(file);
    await writer.rotateIfOld();
    writer.append(KIND.end, [Buffer.from("behind")]);
    await writer.durable();
  }
  const read = async (masters: () => ReturnType<typeof loadKeys> | []): Promise<{ texts: string[]; damage: string[] }> => {
    const damage: string[] = [];
    await using reader = journalReader({ folder: place, after: 0, masters, onDamage: ({ reason }) => damage.push(reason) });
    const texts: string[] = [];
    for (let records = await reader.read(); records.length > 0; records = await reader.read()) {
      texts.push(...records.map(({ payload }) => String(payload)));
    }
    return { texts, damage };
  };
  expect(await read(() => loadKeys(file))).toEqual({ texts: ["before", "behind"], damage: [] });
  const [newest = "", oldest = ""] = readFileSync(file, "utf8").trim().split("\n");
  writeFileSync(file, newest);
  await expect(read(() => loadKeys(file))).rejects.toThrow(KeyMissing);
  writeFileSync(file, `${newest}\n${oldest}`);
  expect(await read(() => loadKeys(file))).toEqual({ texts: ["before", "behind"], damage: [] });
});
