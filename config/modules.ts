import { tryModule, type ModuleOptions } from "../processors/module.ts";
import type { Loaded } from "./load.ts";
import type { Problem } from "./problem.ts";

/**
 * Loads the modules that a configuration names, each in a thread that ends with it: what cannot be loaded becomes a problem. Beside the
 * other checks, for a file that goes missing later must keep no process from starting.
 */
export async function withModules(loaded: Loaded): Promise<Loaded> {
  const { settings, ...rest } = loaded;
  const found = await Promise.all(
    (settings?.processors ?? []).flatMap((each, index) => (each.use === "module" ? [problemOf(each, index)] : [])),
  );
  const problems = found.filter((each) => each !== undefined).map(loaded.located);
  return problems.length > 0 ? { ...rest, problems } : loaded;
}

async function problemOf(options: ModuleOptions, index: number): Promise<Problem | undefined> {
  try {
    await tryModule(options);
    return undefined;
  } catch (error) {
    const message = `${options.path}: ${error instanceof Error ? error.message : String(error)}`;
    const fix = "Mend the module, or take it out; docs/processors.md has one that works.";
    return { path: ["processors", index, "path"], message, fix };
  }
}
