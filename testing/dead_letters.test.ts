import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { encodePiece } from "../genai/piece.ts";
import { journal } from "../journal/append.ts";
import { KIND } from "../journal/record.ts";
import { loadOrCreateKey } from "../journal/seal.ts";
import { spangate } from "./command.ts";
import { eventually } from "./eventually.ts";
import { startGateway } from "./gateway.ts";
import { closedAs, openedAs } from "./lane.ts";

test("dead letters are listed without their content and replayed from the command line", async () => {
  const home = mkdtempSync(join(tmpdir(), "spangate-dead-"));
  const dataDir = join(home, "data");
  try {
    const master = loadOrCreateKey(join(dataDir, "keys", "intake.key"));
    {
      await using writer = await journal({ folder: join(dataDir, "journal", "intake", "old"), first: 1, segmentBytes: 1 << 20, master });
      writer.append(KIND.end, [Buffer.from("canary-9d1e is no piece")]);
      writer.append(KIND.part, encodePiece({ exchangeId: "headless", request: [Buffer.from("canary-9d1e")], response: [] }));
      writer.append(KIND.end, encodePiece({ exchangeId: "a", opened: openedAs("a"), closed: closedAs(), request: [], response: [] }));
    }
    expect(await spangate(["dead-letters", "list", "--data", dataDir])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("npm start"),
    });

    await using server = await startGateway({ dataDir, config: { demo: true } });
    const ask = (...args: readonly string[]) => spangate(["dead-letters", ...args, "--data", dataDir]);
    expect(await server.sql("SELECT exchange_id FROM spans WHERE kind = 'server'")).toEqual([{ exchange_id: "a" }]);
    const listed = await eventually(
      () => ask("list", "--json"), // the second one is known as soon as the lane is closed
      ({ stdout }) => stdout.includes("headless"),
      10_000,
    );
    const letters = JSON.parse(listed.stdout) as { id: number; stage: string; exchangeId?: string }[];
    expect(letters).toMatchObject([
      { stage: "read", lane: "old", sequence: 1, bytes: 23, reason: expect.stringContaining("no piece") },
      { stage: "read", lane: "old", sequence: 2, exchangeId: "headless" },
    ]);
    const table = await ask("list");
    expect(table.stdout).toContain(String(letters[0]?.id));
    expect(listed.stdout + table.stdout + server.stderr()).not.toContain("canary");

    const failed = { replayed: 0, already_stored: 0, failed: 2, unknown: 0 };
    const replay = await ask("replay", "--all", "--json");
    expect([replay.code, JSON.parse(replay.stdout)]).toEqual([1, failed]);
    expect(await ask("replay", "17")).toMatchObject({ code: 1, stdout: "0 replayed, 0 failed again, 1 unknown\n" });
    expect(await ask("replay")).toMatchObject({ code: 2, stderr: expect.stringContaining("--all") });
    expect(await ask("replay", "x")).toMatchObject({ code: 2, stderr: expect.stringContaining("is no id") });

    const doctor = await spangate(["doctor", "--data", dataDir]);
    expect(doctor.stdout).toMatch(/dead letters +4 \(read 4\)/);
    expect(doctor.stdout).toContain("spangate dead-letters list");
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}, 60_000);
