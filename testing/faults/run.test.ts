import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const RUN = fileURLToPath(new URL("run.ts", import.meta.url));

function run(...args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly error: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [RUN, ...args], (error, out, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, out, error: stderr }),
    );
  });
}

const wrong = [
  { title: "a row that there is not", args: ["--only", "F01,F99"], says: "there is no row F99; there are F01, F02" },
  { title: "a tier that there is not", args: ["--tier", "slow"], says: "--tier is fast or long, not slow" },
  { title: "no number", args: ["--seed", "many"], says: "--seed is a whole number from 0 on, not many" },
  { title: "an option that there is not", args: ["--row", "F01"], says: "usage: npm run test:faults" },
];
for (const { title, args, says } of wrong) {
  test(`${title} is refused with 2, before anything is run`, async () => {
    const { code, out, error } = await run(...args);
    expect([code, out]).toEqual([2, ""]);
    expect(error).toContain(says);
  });
}

test("a row is run with its seed, and how to repeat it is said first", async () => {
  const { code, out } = await run("--only", "f18", "--tier", "fast", "--count", "2", "--seed", "5");
  expect(out).toMatch(/^1 rows, fast tier, seed 5: npm run test:faults -- --seed 5 --only F18 --tier fast --count 2\nF18 {2}holds {2}2 × /);
  expect(code).toBe(0);
});
