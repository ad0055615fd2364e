import { expect, test } from "vitest";
import { nowAndThen } from "./now_and_then.ts";

test("the first of each kind is said at once, then one in each interval with how many there were", () => {
  let now = 0;
  const said: string[] = [];
  const say = nowAndThen<string>(
    100,
    (event) => event.slice(0, 1),
    (event, times) => said.push(`${now} ${event} ${times}`),
    () => now,
  );
  for (now = 0; now < 250; now += 10) say(`a${now}`);
  say("b");
  say("b");
  expect(said).toEqual(["0 a0 1", "100 a100 10", "200 a200 10", "250 b 1"]);
});
