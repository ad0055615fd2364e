import { createHash } from "node:crypto";
import { lstatSync, readFileSync, realpathSync, watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import { dirname, resolve } from "node:path";

const DEBOUNCE_MS = 200;

/**
 * Calls back when the content of a file is another one. Watches directories, because editors and Kubernetes replace a file, or a
 * link on the way to it, and a watch on the file itself sees nothing of that. While the file is absent nothing is called.
 */
export function watchFile(file: string, changed: () => void, debounceMs = DEBOUNCE_MS): Disposable {
  let before = digest(file);
  let timer: NodeJS.Timeout | undefined;
  let watchers = new Map<string, FSWatcher>();

  const compare = (): void => {
    follow();
    const now = digest(file);
    if (now === undefined || now === before) return;
    before = now;
    changed();
  };
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(compare, debounceMs).unref();
  };
  /** Events may mean that a link leads elsewhere now, so the folders are found anew each time. */
  const follow = (): void => {
    const wanted = folders(file);
    for (const [folder, watcher] of watchers) if (!wanted.has(folder)) watcher.close();
    const opened = [...wanted].map((folder) => [folder, watchers.get(folder) ?? open(folder, soon)] as const);
    watchers = new Map(opened.filter((each): each is [string, FSWatcher] => each[1] !== undefined));
  };

  follow();
  return {
    [Symbol.dispose]() {
      clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}

/** Where the file is, where it really is, and where each link on the way stands. */
function folders(file: string): ReadonlySet<string> {
  const found = [dirname(real(file)), real(dirname(file))];
  for (let each = resolve(file); each !== dirname(each); each = dirname(each)) {
    if (lstatSync(each, { throwIfNoEntry: false })?.isSymbolicLink()) found.push(real(dirname(each)));
  }
  return new Set(found);
}

/** A folder that cannot be watched is no failure: a signal reloads as well. */
function open(directory: string, listener: () => void): FSWatcher | undefined {
  try {
    return watch(directory, { persistent: false }, listener).on("error", listener);
  } catch {
    return undefined;
  }
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

function digest(file: string): string | undefined {
  try {
    return createHash("sha256").update(readFileSync(file)).digest("hex");
  } catch {
    return undefined;
  }
}
