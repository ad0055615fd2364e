import assert from "node:assert/strict";
import { z } from "zod";
import { setTimeout } from "node:timers/promises";
import { assertConserved, assertNone, settled } from "../conservation.ts";
import { eventually } from "../eventually.ts";
import { ledgerClient } from "../ledger.ts";
import { scriptedUpstream } from "../scripted_upstream.ts";
import type { Fault } from "./fault.ts";
import { observedGateway } from "./observed.ts";

const LIVE_WITHIN_MS = 10_000;
/** So many run while it is blocked, for longer than that. */
const STREAMS = 5;
const STREAM = { stream: true, words: 30, everyMs: 100 } as const;

export const loopBlocked: Fault = {
  id: "F55",
  title: "the event loop of a gateway process is blocked for 2 s",
  holds: "it is alive again within 10 s, streams go on and are stored whole, and the log says once, with the stack, what blocked it",
  fast: 1,
  long: 10,
  async run(round) {
    await using upstream = await scriptedUpstream();
    await using running = await observedGateway(upstream.url, { capture: "full" });
    using client = ledgerClient(() => running.url);
    const { url, pid } = running;
    const alarms = (): readonly string[] => [...running.stderr().matchAll(/^\{.*the event loop stands still.*\}$/gm)].map(([line]) => line);
    /** On a busy machine the loop may stand still by itself too; that is another alarm. What the block calls in turn may be on top. */
    const planted = (): readonly string[] =>
      alarms().filter((line) => {
        const { stack } = z.object({ stack: z.array(z.string()) }).parse(JSON.parse(line));
        return /^plantedBlock file:.*planted\.ts:\d+$/m.test(stack.slice(0, 3).join("\n"));
      });
    let slowest = 0;
    for (let index = 0; index < round.count; index++) {
      const streams = Array.from({ length: STREAMS }, (_, i) => client.call({ id: `f55-${index}-${i}`, ...STREAM }));
      await setTimeout(300);
      process.kill(pid, "SIGWINCH");
      await setTimeout(100);
      const since = performance.now();
      const reply = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(LIVE_WITHIN_MS) });
      assert.equal(reply.status, 200);
      const tookMs = performance.now() - since;
      if (tookMs > 1000) round.injected();
      slowest = Math.max(slowest, tookMs);
      await eventually(planted, ({ length }) => length > index);
      await Promise.all(streams);
    }
    await setTimeout(1000);
    assert.equal(planted().length, round.count);
    const { blocked } = z.object({ blocked: z.number() }).parse(await running.doctor());
    assert.ok(blocked >= round.count, `${blocked} blocks are counted of ${round.count}`);
    const broken = client.ledger.filter(({ ending }) => ending !== "completed");
    assert.equal(broken.length, 0, `${broken.length} streams broke off, the first: ${String(broken[0]?.said)}`);
    assertNone((await settled(running, "f55-", { ledger: client.ledger, upstream: upstream.log })).differences);
    await assertConserved(running);
    round.measured("streams", client.ledger.length);
    round.measured("alarms", alarms().length);
    round.measured("alive again after, at most", slowest, "ms");
  },
};
