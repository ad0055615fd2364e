import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { decodePiece } from "../../genai/piece.ts";
import { journalReader, type JournalReader } from "../../journal/read.ts";
import { loadOrCreateKey } from "../../journal/seal.ts";
import { listSegments } from "../../journal/segment.ts";
import type { LedgerClient } from "../ledger.ts";

const RECORDED_WITHIN_MS = 2000;
const POLL_MS = 50;

/** Follows the lanes of an intake from their newest segments on, which nobody may delete meanwhile. */
interface Follower extends AsyncDisposable {
  /** Exchanges of which bytes of the reply were recorded since the last look. */
  read(): Promise<readonly string[]>;
}

export function followIntake(dataDir: string): Follower {
  const intake = join(dataDir, "journal", "intake");
  const masters = [loadOrCreateKey(join(dataDir, "keys", "intake.key"))];
  const readers = new Map<string, JournalReader>();

  async function readerOf(lane: string): Promise<JournalReader> {
    const folder = join(intake, lane);
    const segment = (await listSegments(folder)).at(-1);
    // A disk that was full has torn segments: what is behind them counts here.
    return journalReader({ folder, after: 0, masters, onDamage: () => {}, ...(segment !== undefined && { segment }) });
  }

  return {
    async read() {
      const found: string[] = [];
      for (const lane of await readdir(intake)) {
        const reader = readers.get(lane) ?? (await readerOf(lane));
        readers.set(lane, reader);
        for (let records = await reader.read(); records.length > 0; records = await reader.read()) {
          const pieces = records.map(({ payload }) => decodePiece(payload));
          found.push(...pieces.filter(({ response }) => response.length > 0).map(({ exchangeId }) => exchangeId));
        }
      }
      return found;
    },
    async [Symbol.asyncDispose]() {
      for (const reader of readers.values()) await reader[Symbol.asyncDispose]();
    },
  };
}

/**
 * Makes a call every 50 ms until one of them is on the intake with its reply, and gives how long that took. Throws when it is more than the
 * two seconds that are promised.
 */
export async function recordedAgain(client: LedgerClient, intake: Follower, prefix: string): Promise<number> {
  const sinceMs = performance.now();
  const made = new Set<string>();
  for (;;) {
    const { exchangeId = "" } = await client.call({ id: `${prefix}${made.size}`, stream: false, words: 3, everyMs: 0 });
    made.add(exchangeId);
    const recorded = (await intake.read()).some((id) => made.has(id));
    const tookMs = performance.now() - sinceMs;
    if (tookMs > RECORDED_WITHIN_MS + POLL_MS)
      throw new Error(`${tookMs.toFixed(0)} ms after there was room, no call was on the intake with its reply`);
    if (recorded) return tookMs;
    await setTimeout(POLL_MS);
  }
}
