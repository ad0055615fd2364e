import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { assertConserved, assertNone, settled } from "../conservation.ts";
import { spangate } from "../command.ts";
import { eventually } from "../eventually.ts";
import type { Fault } from "./fault.ts";
import { mixedCalls, rig } from "./rig.ts";

const PER_SECOND = 50;
/** A file that changes is read again a moment later, also when a signal had it read at once. */
const SETTLED_MS = 250;

export const invalidReloads: Fault = {
  id: "F52",
  title: "the configuration is read again under load, every other time from a file that is not valid",
  holds: "the one before stays in force and the log says why; `spangate check` fails; no request is dropped",
  fast: 10,
  long: 100,
  async run({ count, random, injected, measured }) {
    await using all = await rig();
    const { client, upstream, dataDir } = all;
    const good = { default_upstream: "up", upstreams: { up: { base_url: upstream.url } }, capture: "full" };
    const bad = [
      "{ not yaml: [",
      JSON.stringify({ ...good, durability: "perhaps" }),
      JSON.stringify({ ...good, default_upstream: "nobody" }),
      JSON.stringify({ ...good, gateway: { drain_timeout_ms: -1 } }),
      JSON.stringify({ ...good, upstreams: {} }),
    ];
    const file = join(dataDir, "changing.yaml");
    await writeFile(file, JSON.stringify(good));
    await using gateway = await all.start({}, ["--config", file]);
    const stop = new AbortController();
    const loading = client.load(PER_SECOND, mixedCalls(random, "f52-"), stop.signal);
    const said = (text: string): number => gateway.stderr().split(text).length - 1;
    for (let reload = 0; reload < count; reload++) {
      const invalid = reload % 2 === 0;
      const text = invalid ? random.pick(bad) : JSON.stringify({ ...good, capture: reload % 4 === 1 ? "metadata" : "full" });
      const told = invalid ? "stays in force" : "was read again and is in force";
      const before = said(told);
      await writeFile(file, `${text}\n# ${reload}\n`); // another one each time
      if (random.whole(0, 1) === 0) process.kill(gateway.pid, "SIGHUP"); // else the file is watched
      await eventually(
        () => said(told),
        (times) => times > before,
        10_000,
      );
      injected();
      if (invalid && reload < 2 * bad.length) {
        const { code } = await spangate(["check"], { SPANGATE_CONFIG: file });
        if (code === 0) throw new Error(`\`spangate check\` finds nothing wrong with ${text}`);
      }
      await setTimeout(SETTLED_MS + random.whole(0, 100));
    }
    stop.abort();
    await loading;
    const dropped = client.ledger.filter(({ ending, status }) => status !== 200 && ending !== "aborted");
    measured("requests", client.ledger.length);
    measured("dropped", dropped.length);
    if (dropped.length > 0) throw new Error(`${dropped.length} requests were dropped, the first with ${String(dropped[0]?.said)}`);
    // Of a call that came while less was captured, the store has no content: only that it is there is compared.
    const { differences } = await settled(gateway, "f52-", { ledger: client.ledger, upstream: upstream.log }, 5000);
    assertNone(differences.filter(({ kind }) => kind !== "wrong"));
    await assertConserved(gateway);
  },
};
