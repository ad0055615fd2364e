import { once } from "node:events";
import { demoUpstream, type DemoOptions } from "./upstream.ts";

/** Runs the demo upstream alone until the signal says stop. */
export async function runDemo(options: DemoOptions, print: (line: string) => void, signal: AbortSignal): Promise<void> {
  await using demo = await demoUpstream(options);
  print(`demo upstream at ${demo.url} (models demo, demo-mini, demo-embedding; any key; Ctrl-C ends it)`);
  print(
    `try: curl ${demo.url}/chat/completions -H 'content-type: application/json' -d '{"model":"demo","messages":[{"role":"user","content":"Hello"}]}'`,
  );
  if (!signal.aborted) await once(signal, "abort");
}
