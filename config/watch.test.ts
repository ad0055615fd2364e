import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { watchFile } from "./watch.ts";

const DEBOUNCE_MS = 40;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "watch-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** Points a link elsewhere in one step, as deployments do. */
function swap(link: string, to: string): void {
  symlinkSync(to, `${link}.new`);
  renameSync(`${link}.new`, link);
}

const changes = [
  {
    title: "written in place",
    prepare: (dir: string) => write(join(dir, "spangate.yaml"), "a: 1"),
    change: (file: string) => write(file, "a: 2"),
  },
  {
    title: "replaced by a rename, as editors do",
    prepare: (dir: string) => write(join(dir, "spangate.yaml"), "a: 1"),
    change: (file: string) => renameSync(write(`${file}~`, "a: 2"), file),
  },
  {
    title: "swapped behind a link beside it, as Kubernetes does",
    prepare: (dir: string) => {
      write(join(dir, "..one/spangate.yaml"), "a: 1");
      write(join(dir, "..two/spangate.yaml"), "a: 2");
      symlinkSync("..one", join(dir, "..data"));
      symlinkSync("..data/spangate.yaml", join(dir, "spangate.yaml"));
      return join(dir, "spangate.yaml");
    },
    change: (file: string) => swap(join(dirname(file), "..data"), "..two"),
  },
  {
    title: "in a folder that is a swapped link",
    prepare: (dir: string) => {
      write(join(dir, "one/spangate.yaml"), "a: 1");
      write(join(dir, "two/spangate.yaml"), "a: 2");
      symlinkSync("one", join(dir, "current"));
      return join(dir, "current/spangate.yaml");
    },
    change: (file: string) => swap(dirname(file), "two"),
  },
  {
    title: "edited where a link leads",
    prepare: (dir: string) => {
      write(join(dir, "elsewhere/real.yaml"), "a: 1");
      symlinkSync("elsewhere/real.yaml", join(dir, "spangate.yaml"));
      return join(dir, "spangate.yaml");
    },
    change: (file: string) => write(join(dirname(file), "elsewhere/real.yaml"), "a: 2"),
  },
];
for (const { title, prepare, change } of changes) {
  test(`calls back once when the file is ${title}`, async () => {
    const file = prepare(folder());
    const changed = vi.fn();
    using _ = watchFile(file, changed, DEBOUNCE_MS);
    change(file);
    await vi.waitFor(() => expect(changed).toHaveBeenCalled(), 3_000);
    await sleep(4 * DEBOUNCE_MS);
    expect(changed).toHaveBeenCalledTimes(1);
  });
}

test("goes on watching after a swap", async () => {
  const dir = folder();
  for (const each of ["one", "two", "three"]) write(join(dir, each, "spangate.yaml"), `a: ${each}`);
  symlinkSync("one", join(dir, "current"));
  const changed = vi.fn();
  using _ = watchFile(join(dir, "current/spangate.yaml"), changed, DEBOUNCE_MS);
  swap(join(dir, "current"), "two");
  await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(1), 3_000);
  write(join(dir, "two/spangate.yaml"), "a: edited");
  await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(2), 3_000);
  swap(join(dir, "current"), "three");
  await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(3), 3_000);
});

test("says nothing when the same content is written again, the file goes, or after it was closed", async () => {
  const file = write(join(folder(), "spangate.yaml"), "a: 1");
  const changed = vi.fn();
  {
    using _ = watchFile(file, changed, DEBOUNCE_MS);
    write(file, "a: 1");
    await sleep(4 * DEBOUNCE_MS);
    rmSync(file);
    await sleep(4 * DEBOUNCE_MS);
  }
  write(file, "a: 2");
  await sleep(4 * DEBOUNCE_MS);
  expect(changed).not.toHaveBeenCalled();
});

function write(file: string, text: string): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}
