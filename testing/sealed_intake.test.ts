import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { addKey, loadKeys } from "../journal/seal.ts";
import { decodeHead } from "../journal/segment.ts";
import { eventually } from "./eventually.ts";
import { rig } from "./faults/rig.ts";

/** Names of the files below `folder` that hold one of these texts as it is. */
function filesWith(folder: string, texts: readonly string[]): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => {
      const bytes = readFileSync(path);
      return texts.some((text) => bytes.includes(text));
    });
}

/** Ids of the keys that the segments below `folder` are sealed with. */
function sealedWith(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name.endsWith(".seg"))
    .flatMap((entry) => decodeHead(readFileSync(join(entry.parentPath, entry.name)))?.head.key?.master ?? []);
}

test("while a stream is written nothing of it can be read in the data folder, also after the key was rotated, and all of it is stored", async () => {
  await using all = await rig();
  await using gateway = await all.start({ capture: "metadata" });
  const key = join(all.dataDir, "keys", "intake.key");
  const calls = ["canary-1", "canary-2"].map((id) => ({ id, stream: true, words: 30, everyMs: 50 }));
  const [first, second] = calls as [(typeof calls)[0], (typeof calls)[0]];
  const intakeBytes = (): number =>
    readdirSync(join(all.dataDir, "journal", "intake"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, entry) => sum + readFileSync(join(entry.parentPath, entry.name)).length, 0);

  const running = all.client.call(first);
  for (let before = intakeBytes(), looked = 0; looked < 3; looked++) {
    await eventually(intakeBytes, (bytes) => bytes > before);
    before = intakeBytes();
    expect(filesWith(all.dataDir, ["What is canary", "canary-1/0"])).toEqual([]);
  }
  await running;

  const { id } = addKey(key);
  // The segment that is open keeps its key; the lane of a process that comes after the rotation begins with the new one.
  process.kill(gateway.pids.gateway[0] ?? 0, "SIGKILL");
  const keysInUse = (): string[] => sealedWith(join(all.dataDir, "journal", "intake"));
  await eventually(keysInUse, (keys) => keys.includes(id), 20_000);
  await eventually(
    () =>
      fetch(`${gateway.dataUrl}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    Boolean,
    20_000,
  );
  await all.client.call(second);
  expect(all.client.ledger.map(({ ending }) => ending)).toEqual(["completed", "completed"]);
  await gateway.stop();
  await using restarted = await all.start({ capture: "metadata" });
  const rows = await restarted.sql("SELECT ending FROM spans WHERE operation = 'chat'");
  expect(rows).toEqual([{ ending: "completed" }, { ending: "completed" }]);
  expect(filesWith(all.dataDir, ["What is canary", "canary-1/0", "canary-2/0"])).toEqual([]);
  expect(loadKeys(key)[0].id).toBe(id);
});
