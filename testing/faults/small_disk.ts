import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { promisify } from "node:util";

/** A file system of its own on one folder. */
export interface SmallDisk extends AsyncDisposable {
  /** `size=256m`, `ro`, `rw`. */
  readonly remount: (option: string) => Promise<void>;
}

/** Needs a system where this process may mount one. */
export async function smallDisk(folder: string, mebibytes: number): Promise<SmallDisk> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const run = promisify(execFile);
  await run("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m,mode=700`, "tmpfs", folder]).catch((cause: unknown) => {
    throw new Error(
      `cannot mount a small file system on ${folder}: this row needs Linux and a user who may, such as root of a container with CAP_SYS_ADMIN`,
      { cause },
    );
  });
  return {
    remount: async (option) => void (await run("mount", ["-o", `remount,${option}`, folder])),
    [Symbol.asyncDispose]: async () => void (await run("umount", ["-l", folder])),
  };
}
