import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually } from "../testing/eventually.ts";
import { advice, diagnosis } from "./diagnosis.ts";
import { diskOf } from "./disk.ts";
import type { PipelineCounts } from "../pipeline/counts.ts";
import { doctor, withLivesBefore, type Doctor } from "./doctor.ts";
import { METRICS, metricsText } from "./metrics.ts";
import { outage } from "./outage.ts";

const DISK = { free: 5e9, total: 1e10, intake: 1, spans: 2, parquet: 3, dead_letters: 4, quota: 1e9 };
const inForce = { durability: "balanced", audit: "required", capture: "full" } as const;
const seen = { inForce, pipeline: "ready", disk: DISK, behind: undefined } as const;
const aState = (more: Partial<Doctor> = {}): Doctor => ({ ...doctor([], undefined, seen), ...more });

test("every part of the doctor's answer is a metric, and every metric a part of it", () => {
  const state = aState({ dropped: { content_backlog: 3 } });
  expect(Object.keys(METRICS).sort()).toEqual(Object.keys(state).sort());
  const text = metricsText(state);
  for (const part of Object.keys(state) as (keyof Doctor)[]) expect(text, part).toContain(`# TYPE ${METRICS[part].name} `);
  const families = text.split("\n").flatMap((line) => /^# TYPE (\S+)/.exec(line)?.[1] ?? []);
  expect(new Set(families)).toEqual(new Set(Object.values(METRICS).map(({ name }) => name)));
  expect(new Set(families).size).toBe(families.length); // each is described once
});

test("each figure is the value of its own sample", () => {
  const parts = Object.entries(aState()).filter(([, value]) => typeof value === "number");
  const state = aState(Object.fromEntries(parts.map(([part], i) => [part, (i + 1) * 1000])));
  const text = metricsText(state);
  for (const [i, [part]] of parts.entries()) {
    const value = part === "lag_ms" ? i + 1 : (i + 1) * 1000;
    expect(text).toMatch(new RegExp(`^${METRICS[part as keyof Doctor].name}(\\{ending="${part}"\\})? ${value}$`, "m"));
  }
  expect(metricsText(aState({ dropped: { a: 1, b: 2 } }))).toContain('spangate_records_dropped_total{reason="b"} 2\n');
  expect(text).toContain('spangate_disk_bytes{part="parquet"} 3\n');
  const processed = metricsText(aState({ dropped: { a: 1, by_filter: 3 }, dropped_by: { filter: 3 }, processor_failures: { scrub: 2 } }));
  expect(processed).toContain('spangate_spans_dropped_total{reason="filter"} 3\n');
  expect(processed).toContain('spangate_processor_failures_total{processor="scrub"} 2\n');
  expect(processed).not.toContain('spangate_records_dropped_total{reason="by_filter"}');
});

test("says that nothing is wrong, or what is and what to do", () => {
  expect(diagnosis(aState())).toContain("Nothing is wrong.");
  const wrong: readonly (readonly [Partial<Doctor>, string])[] = [
    [{ pipeline: "down" }, "started again by itself"],
    [{ pipeline: "silent" }, "runs and says nothing"],
    [{ lag_ms: 61_000 }, "61.0 s behind"],
    [{ dropped: { journal_write: 1234 } }, "1,234 records were lost (journal_write)"],
    [{ dropped: { content_quota: 5 } }, "5 records were kept without their content (content_quota)"],
    [{ processor_failures: { scrub: 2 } }, "without content (2 (scrub 2))"],
    [{ dead_letters_waiting: 1 }, "spangate dead-letters list"],
    [{ damaged: 1 }, "could not be read"],
    [{ missing: 2 }, "2 records of a journal are lost"],
    [{ damaged_files: 1, missing_rows: 9 }, "9 rows are left out"],
    [{ disk: { ...DISK, free: 1e6 } }, "Only 976.6 KiB of the disk are free"],
  ];
  expect(advice(aState({ damaged_files: 1 }))).toEqual([]); // all of its rows are published again
  expect(advice(aState({ dropped: { by_filter: 3 }, dropped_by: { filter: 3 } }))).toEqual([]); // as it was told
  for (const [more, says] of wrong) expect(advice(aState(more))).toEqual([expect.stringContaining(says)]);
  const text = diagnosis(
    aState({ dropped: { a: 1 }, dead_lettered: 2, dead_letters_waiting: 2, dead_letters: { ...aState().dead_letters, store: 2 } }),
  );
  expect(text).toMatch(/dead letters +2 \(store 2\)/);
  expect(text).toMatch(/free +4\.7 GiB of 9\.3 GiB/);
  expect(text).toMatch(/^In force\n +durability +balanced\n +audit +required\n +capture +full$/m);
});

test("what processors drop is in the sums over all lives of the pipeline", () => {
  const counts = (more: Partial<PipelineCounts>): PipelineCounts => ({
    carried: { completed: 0, cut: 0, abandoned: 0, incomplete: 0, rejected: 0 },
    appended: 0,
    stored: 0,
    dead_lettered: 0,
    dead_letters: { read: 0, describe: 0, process: 0, encode: 0, store: 0 },
    dead_letters_waiting: 0,
    replayed: 0,
    dropped: {},
    dropped_by: {},
    processor_failures: {},
    damaged: 0,
    missing: 0,
    damaged_files: 0,
    missing_rows: 0,
    backlog_bytes: 0,
    lag_ms: 0,
    ...more,
  });
  // Of the ten spans of the first life, two were dropped and two not stored when it ended: those are appended anew.
  const first = counts({ appended: 10, stored: 6, dropped_by: { filter: 2 }, processor_failures: { scrub: 1 } });
  const second = counts({ appended: 5, stored: 4, dropped_by: { filter: 1 }, processor_failures: { price: 1 } });
  const state = doctor([], withLivesBefore(first, second), seen);
  expect(state).toMatchObject({ appended: 13, stored: 10, dropped: { by_filter: 3 }, processor_failures: { scrub: 1, price: 1 } });
  expect(state.appended).toBe(state.stored + 3);
});

test("the disk is what the folders take and what is left", async () => {
  const folder = mkdtempSync(join(tmpdir(), "spangate-disk-"));
  mkdirSync(join(folder, "journal/intake/one"), { recursive: true });
  writeFileSync(join(folder, "journal/intake/one/a.seg"), Buffer.alloc(700));
  mkdirSync(join(folder, "parquet/tenant=a/day=b"), { recursive: true });
  writeFileSync(join(folder, "parquet/tenant=a/day=b/c.parquet"), Buffer.alloc(33));
  const disk = await diskOf(folder, 12_345)();
  expect(disk).toMatchObject({ intake: 700, spans: 0, parquet: 33, dead_letters: 0, quota: 12_345 });
  expect(disk.free > 0 && disk.total >= disk.free).toBe(true);
  rmSync(folder, { recursive: true });
});

test("while the pipeline is down its lag is as old as the first record that nobody carried", async () => {
  const folder = mkdtempSync(join(tmpdir(), "spangate-outage-"));
  const file = join(folder, "a.seg");
  writeFileSync(file, Buffer.alloc(100));
  const watched = outage(folder);
  watched.reported({ backlog_bytes: 10, lag_ms: 0 });
  expect(await watched.state()).toBeUndefined();
  watched.began();
  expect(await watched.state()).toEqual({ backlog_bytes: 10, lag_ms: 0 });
  appendFileSync(file, Buffer.alloc(50));
  const first = await watched.state();
  expect(first?.backlog_bytes).toBe(60);
  const later = await eventually(
    () => watched.state(),
    (state) => (state?.lag_ms ?? 0) > 200,
  );
  expect(later?.lag_ms).toBeLessThan(30_000);
  watched.ended();
  expect(await watched.state()).toBeUndefined();

  watched.reported({ backlog_bytes: 10, lag_ms: 5000 });
  watched.began();
  expect((await watched.state())?.lag_ms).toBeGreaterThanOrEqual(5000);
  watched.ended();
  rmSync(folder, { recursive: true });
});
