import { execFile } from "node:child_process";
import { getPriority } from "node:os";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const LOWER = `
  const { lowerPriority } = await import(${JSON.stringify(new URL("priority.ts", import.meta.url).href)});
  lowerPriority(10);
  console.log(require("node:os").getPriority());
`;
const LOWEST = 19;

const cases = [
  { title: "with the usual priority", nice: 0 },
  { title: "with a low one", nice: 5 },
  { title: "with one that leaves little room", nice: 15 },
  { title: "with the lowest one", nice: 19 },
];
for (const { title, nice } of cases) {
  test.skipIf(process.platform === "win32")(`a process that starts ${title} goes down from there, as far as it can`, async () => {
    const { stdout } = await promisify(execFile)("nice", ["-n", String(nice), process.execPath, "--eval", `(async () => {${LOWER}})()`]);
    const from = Math.min(getPriority() + nice, LOWEST);
    expect(Number(stdout)).toBe(Math.min(from + 10, LOWEST));
  });
}
