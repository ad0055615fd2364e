import { expect, test } from "vitest";
import { faults } from "./index.ts";
import { figuresText, runFault } from "./outcome.ts";

/** A new one each time finds more; the one to repeat a failure with is `SEED=N`. */
const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 1e9));

test("each row of the fault matrix is there once", () => {
  const ids = faults.map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)].sort());
});

for (const fault of faults.filter(({ fast }) => fast > 0)) {
  const { id, title, holds, fast } = fault;
  test(`${id} ${title}: ${holds}`, { timeout: 240_000 }, async () => {
    const { failure, injected, figures } = await runFault(fault, { seed, count: fast });
    const told = `${figuresText(figures)}; to repeat: npm run test:faults -- --tier fast --only ${id} --seed ${seed}`;
    if (failure) throw new Error(`${failure.message}\n${told}`, { cause: failure });
    expect(injected, told).toBeGreaterThan(0);
  });
}
