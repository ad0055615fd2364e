import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import type { LoadReport, Upstream } from "./load.ts";
import type { RecordState, SpanRecord } from "./proxy.ts";
import type { Scenario } from "./scenarios.ts";

/** What a store holds of a round against what was sent in it. */
export interface Stored {
  readonly sent: number;
  readonly missing: number;
  readonly duplicated: number;
  /** Rows with another ending than the exchange had. */
  readonly misjudged: number;
  /** Rows with another text than the upstream sent; undefined where the tier keeps none. */
  readonly different: number | undefined;
  readonly dropped: RecordState["dropped"];
}

const DRAINED_WITHIN_MS = 90_000;
const READABLE_WITHIN_MS = 30_000;

/** Waits until all that was recorded is stored; gives the state then. Throws when that takes too long. */
export async function caughtUp(record: SpanRecord, everyMs = 100): Promise<RecordState> {
  const deadline = performance.now() + DRAINED_WITHIN_MS;
  for (;;) {
    const state = await record.state();
    if (state.open === 0 && state.backlog === 0 && state.stored + state.dead_lettered >= state.appended) return state;
    if (performance.now() > deadline) {
      throw new Error(
        `not stored within ${DRAINED_WITHIN_MS / 1000} s: ${JSON.stringify(state)}; give the run more seconds between rounds`,
      );
    }
    await setTimeout(everyMs);
  }
}

/** Milliseconds from the end of the last reply until its row can be read. */
export async function readableAfter(record: SpanRecord, report: LoadReport): Promise<number> {
  const sinceMs = (): number => Number(process.hrtime.bigint() / 1000n - BigInt(report.ended_us)) / 1000;
  while (!(await record.isReadable(`chatcmpl-${report.last_id}`))) {
    if (sinceMs() > READABLE_WITHIN_MS) throw new Error(`chatcmpl-${report.last_id} cannot be read after ${READABLE_WITHIN_MS} ms`);
    await setTimeout(20);
  }
  return sinceMs();
}

const counts = z.tuple([z.object({ rows: z.number(), responses: z.number(), ended: z.number(), same: z.number() })]);

/** Compares by SQL; `since` leaves older files unread. */
export async function compareStored(
  record: SpanRecord,
  scenario: Scenario,
  report: LoadReport,
  upstream: Upstream,
  since: Date,
  dropped: RecordState["dropped"],
): Promise<Stored> {
  const left = scenario.abortAfter !== undefined;
  const expected = await upstream.outputSql(scenario.script, "substr(response_id, 10)");
  const [{ rows, responses, ended, same }] = counts.parse(
    await record.rows(`
      WITH mine AS (
        SELECT response_id, ending, json_extract_string(output_messages, '$[0].parts[0].content') AS said, ${expected} AS expected
        FROM spans
        WHERE operation = 'chat' AND start_time >= TIMESTAMP '${since.toISOString().slice(0, -1)}'
          AND TRY_CAST(substr(response_id, 10) AS BIGINT) BETWEEN ${report.first_id} AND ${report.next_id - 1}
      )
      SELECT count(*)::INTEGER AS rows, count(DISTINCT response_id)::INTEGER AS responses,
        count(*) FILTER (ending = '${left ? "abandoned" : "completed"}')::INTEGER AS ended,
        count(*) FILTER (${left ? "said <> '' AND starts_with(expected, said)" : "said = expected"})::INTEGER AS same
      FROM mine`),
  );
  return {
    sent: report.completed,
    missing: report.completed - responses,
    duplicated: rows - responses,
    misjudged: rows - ended,
    different: record.capture === "full" ? rows - same : undefined,
    dropped,
  };
}

/** Whether all that was sent is there, once and as it was. */
export function isWhole({ missing, duplicated, misjudged, different }: Stored): boolean {
  return missing === 0 && duplicated === 0 && misjudged === 0 && (different ?? 0) === 0;
}
