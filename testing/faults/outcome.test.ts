import { expect, test } from "vitest";
import type { Fault } from "./fault.ts";
import { figuresText, runFault } from "./outcome.ts";
import { report } from "./report.ts";

const fault = (run: Fault["run"]): Fault => ({ id: "F00", title: "nothing", holds: "nothing | at all", fast: 1, long: 2, run });

test("a row that injected nothing has shown nothing", async () => {
  const { failure } = await runFault(
    fault(async () => {}),
    { seed: 1, count: 7 },
  );
  expect(failure?.message).toBe("F00 injected nothing: 7 were asked for and none was seen to happen");
});

test("a row that throws does not hold, and what it measured is kept", async () => {
  const outcome = await runFault(
    fault(async ({ injected, measured }) => {
      injected(3);
      measured("lost", 1);
      measured("abort p99", 12.345, "ms");
      throw new Error("one is lost");
    }),
    { seed: 1, count: 7 },
  );
  expect({ failure: outcome.failure?.message, injected: outcome.injected }).toEqual({ failure: "one is lost", injected: 3 });
  expect(figuresText(outcome.figures)).toBe("lost 1, abort p99 12.3 ms");
  const page = report([outcome], { seed: 1, command: "npm run", at: new Date(0), version: "1.0.0" });
  expect(page).toContain("| F00 | nothing | nothing \\| at all | 3 | lost 1, abort p99 12.3 ms | 0.0 | **does not hold**: one is lost |");
  expect(page).toContain("- 1970-01-01, Spangate 1.0.0,");
});

test("the same seed has the same luck, another one another, and each row its own", async () => {
  const luck = async (id: string, seed: number): Promise<string> => {
    let text = "";
    const row = fault(async ({ random, injected }) => {
      injected();
      text = `${random.whole(0, 1e6)} ${random.pick(["a", "b", "c"])} ${random.bytes(8).toString("hex")}`;
    });
    await runFault({ ...row, id }, { seed, count: 1 });
    return text;
  };
  const first = await luck("F01", 1);
  expect(await luck("F01", 1)).toBe(first);
  expect(await luck("F01", 2)).not.toBe(first);
  expect(await luck("F02", 1)).not.toBe(first);
});
