import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { spangate, type Run } from "../command.ts";
import { assertConserved, assertNone, settled } from "../conservation.ts";
import { childrenOf, kill } from "../process_tree.ts";
import type { Fault } from "./fault.ts";
import { rig } from "./rig.ts";

/** How long an old server still runs when the new one is started, at most. */
const OVERLAP_MS = 1500;
const IN_USE = 3;

export const startedTwice: Fault = {
  id: "F58",
  title: "a second server is started on the folder of a running one, at any moment of its life",
  holds: "never two writers: the second ends with 3 and says who holds the folder, and all calls are stored once",
  fast: 4,
  long: 50,
  async run({ count, random, injected, measured }) {
    await using all = await rig();
    const { client, upstream, start, dataDir } = all;
    const config = join(dataDir, "second.yaml");
    await writeFile(config, JSON.stringify({ default_upstream: "up", upstreams: { up: { base_url: upstream.url } } }));
    const second = (): Promise<Run> => spangate(["serve", "--data", dataDir, "--config", config, "--port", "0", "--control-port", "0"]);
    let tries = 0;
    while (tries < count) {
      const prefix = `f58-${tries}-`;
      await using gateway = await start();
      const here = Math.min(random.whole(1, 5), count - tries);
      for (let i = 0; i < here; i++) {
        const calling = Promise.all(
          Array.from({ length: 10 }, (_, each) => client.call({ id: `${prefix}${i}-${each}`, stream: true, words: 5, everyMs: 20 })),
        );
        const { code, stderr } = await second();
        if (code !== IN_USE || !stderr.includes(`process ${gateway.pid}`))
          throw new Error(`the second server ended with ${code}: ${stderr}`);
        tries++;
        injected();
        await calling;
      }
      const ledger = client.ledger.filter(({ script }) => script.id.startsWith(prefix));
      assertNone((await settled(gateway, prefix, { ledger, upstream: upstream.log })).differences);
      await assertConserved(gateway);
      // Its pipeline may live a little longer than its supervisor: the next server must wait for it.
      if (random.whole(0, 1) === 0) {
        await kill(gateway.pid);
        await setTimeout(random.whole(0, OVERLAP_MS) / 10);
        await using next = await start();
        const pipelines = childrenOf(next.pid, "pipeline_process.ts").length;
        if (pipelines !== 1) throw new Error(`${pipelines} pipelines run`);
        assertNone((await settled(next, prefix, { ledger, upstream: upstream.log })).differences);
      }
    }
    measured("tries", tries);
    measured("calls", client.ledger.length);
  },
};
