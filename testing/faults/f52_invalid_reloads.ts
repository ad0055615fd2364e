import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { assertConserved, assertNone, settled, type Difference } from "../conservation.ts";
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
  holds:
    "the one before stays in force and the log says why; `spangate check` fails; no request is dropped, and each is stored once, with its content where that was to be kept",
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
    /** When less than the content may have been in force, on the clock of `performance.now`. */
    const scarce: { readonly fromMs: number; toMs: number }[] = [];
    const stop = new AbortController();
    const loading = client.load(PER_SECOND, mixedCalls(random, "f52-"), stop.signal);
    const said = (text: string): number => gateway.stderr().split(text).length - 1;
    for (let reload = 0; reload < count; reload++) {
      const invalid = reload % 2 === 0;
      const capture = reload % 4 === 1 ? "metadata" : "full";
      const text = invalid ? random.pick(bad) : JSON.stringify({ ...good, capture });
      const told = invalid ? "stays in force" : "was read again and is in force";
      const before = said(told);
      if (!invalid && capture === "metadata") scarce.push({ fromMs: performance.now(), toMs: Infinity });
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
      const last = scarce.at(-1);
      if (!invalid && capture === "full" && last) last.toMs = performance.now();
    }
    stop.abort();
    await loading;
    const dropped = client.ledger.filter(({ ending, status }) => status !== 200 && ending !== "aborted");
    measured("requests", client.ledger.length);
    measured("dropped", dropped.length);
    if (dropped.length > 0) throw new Error(`${dropped.length} requests were dropped, the first with ${String(dropped[0]?.said)}`);
    // Of a call that came while less was captured the store has no content, but all else.
    const bare = new Set(
      client.ledger
        .filter(({ startedMs }) => scarce.some(({ fromMs, toMs }) => fromMs <= startedMs + SETTLED_MS && startedMs <= toMs))
        .map(({ script }) => script.id),
    );
    const explained = ({ id, what }: Difference): boolean => bare.has(id) && /^stored (without its question|with the answer "")/.test(what);
    const { stored, differences } = await settled(gateway, "f52-", { ledger: client.ledger, upstream: upstream.log }, 5000);
    assertNone(differences.filter((each) => !explained(each)));
    measured("without content, as asked", stored.filter(({ id, asked }) => bare.has(id) && asked === "").length);
    await assertConserved(gateway);
  },
};
