import { expect, test } from "vitest";
import { farewell } from "./banner.ts";
import { doctor, type Doctor } from "./doctor.ts";

const disk = { free: 1, total: 1, intake: 0, spans: 0, parquet: 0, dead_letters: 0, quota: 1 };
const said = (more: Partial<Doctor>): string =>
  farewell({ ...doctor([], undefined, { inForce: undefined, pipeline: "ready", disk, behind: undefined }), ...more }, "data");

test("the last words count what was seen, what is stored, and what was not kept", () => {
  expect(said({ completed: 1, stored: 2 })).toMatch(/^1 call \(1 completed\), stored as 2 spans\.\nThey lie in data\/parquet;/);
  expect(said({ completed: 3, cut: 1, stored: 1, dropped: { journal_full: 3 } })).toMatch(
    /^4 calls \(3 completed, 1 cut\), stored as 1 span\.\nNot kept, by reason: 3 journal_full\.\n/,
  );
});
