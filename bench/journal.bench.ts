import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { encodePiece } from "../genai/piece.ts";
import { journal } from "../journal/append.ts";
import { KIND } from "../journal/record.ts";
import { loadOrCreateKey, newSeal } from "../journal/seal.ts";
import { aRecordedExchange } from "../testing/recorded.ts";

const folder = mkdtempSync(join(tmpdir(), "spangate-bench-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As many as end in one turn of a gateway process under load. */
const TOGETHER = 64;
const SEGMENT_BYTES = 64 * 1024 * 1024;
const GROUP = Buffer.alloc(64 * 1024, "a group of records that were written together, ");

const master = loadOrCreateKey(join(folder, "key"));
const { opened, closed, request, response } = await aRecordedExchange("chat");
const exchange = encodePiece({ exchangeId: opened.exchangeId, opened, closed, request: [request], response });

for (const sealed of [false, true]) {
  test(`append ${TOGETHER} exchanges and write them${sealed ? ", encrypted" : ""}`, async ({ bench }) => {
    const options = { folder: join(folder, String(sealed)), first: 1, segmentBytes: SEGMENT_BYTES, ...(sealed && { master }) };
    await using writer = await journal(options);
    const { throughput } = await bench("append", async () => {
      for (let i = 0; i < TOGETHER; i++) writer.append(KIND.end, exchange);
      await writer.written();
    }).run({ time: 300 });
    expect(throughput.mean).toBeGreaterThan(0);
    expect(writer.appended % TOGETHER).toBe(0);
  });
}

test("encrypt a group of 64 KiB", async ({ bench }) => {
  const { seal } = newSeal(master, 1);
  let sequence = 1;
  let sealed: readonly Buffer[] = [];
  await bench("seal", () => void (sealed = seal.seal(sequence++, GROUP))).run({ time: 300 });
  expect(seal.open(sequence - 1, Buffer.concat(sealed))).toEqual(GROUP);
});
