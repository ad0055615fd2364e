import { writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { AppendFile, Files } from "../journal/files.ts";

/** Draws the model's dice; from fast-check in a property, from a seeded generator in a long run. */
export interface Dice {
  /** A whole number from `from` to `to`, both possible. */
  whole(from: number, to: number): number;
}

/** What one operation meets. `short`: a write takes fewer bytes than it was given. */
export type Failure = "EIO" | "ENOSPC" | "EINTR" | "EAGAIN" | "short";

/** A disk in memory that fails when told to, and knows what power loss leaves of it. */
export interface ModelFiles extends Files {
  /** Operations so far. */
  readonly operations: number;
  /** Failures that really happened. */
  readonly failures: number;
  /** Each operation from number `from` to number `to`, counted from 1, fails so; those a failure does not fit pass. */
  failAt(from: number, failure: Failure, to?: number): void;
  /** One `fdatasync` in so many fails, by chance. */
  failSyncs(oneIn: number): void;
  /** Writes to `folder` what the operating system holds now: what is left when the process is killed. */
  afterKill(folder: string): void;
  /**
   * Writes to `folder` what may be left when the power fails: all that was made durable, and of the rest each piece or not, torn,
   * with zeros in the place of what came before it.
   */
  afterPowerLoss(folder: string, dice: Dice): void;
}

/** Of the event loop, that an operation takes. */
const MOST_TURNS = 4;
/** A disk writes whole sectors. */
const SECTOR = 512;

interface Piece {
  readonly bytes: Buffer;
  state: "unsynced" | "durable" | "lost";
}

interface ModelFile {
  readonly folder: string;
  readonly pieces: Piece[];
  /** Its name would be found after power loss. */
  named: boolean;
  removed: boolean;
}

export function modelFiles(dice: Dice): ModelFiles {
  const files = new Map<string, ModelFile>();
  const planned: { readonly from: number; readonly to: number; readonly failure: Failure }[] = [];
  let operations = 0;
  let failures = 0;
  let syncFailsOneIn = 0;

  /** The failure this operation meets, if it is one that it can meet. */
  function meet(possible: readonly Failure[]): Failure | undefined {
    operations++;
    const plan = planned.find(({ from, to, failure }) => operations >= from && operations <= to && possible.includes(failure));
    if (plan) failures++;
    return plan?.failure;
  }

  /** A disk never answers in the same turn, and in no order. */
  async function time(): Promise<void> {
    await Promise.resolve();
    for (let turns = dice.whole(0, MOST_TURNS); turns > 0; turns--) await setImmediate();
  }

  async function fails(what: string, path: string, possible: readonly Failure[]): Promise<void> {
    await time();
    const failure = meet(possible);
    if (failure) throw failed(failure, what, path);
  }

  function appendFile(path: string, file: ModelFile): AppendFile {
    return {
      async write(buffers) {
        await time();
        const all = Buffer.concat(buffers);
        const failure = meet(["EIO", "ENOSPC", "EINTR", "EAGAIN", "short"]);
        if (failure === undefined) {
          file.pieces.push({ bytes: all, state: "unsynced" });
          return all.length;
        }
        // A full or failing disk may have taken some of it before it said so.
        const taken = failure === "EINTR" || failure === "EAGAIN" ? 0 : dice.whole(failure === "short" ? 1 : 0, all.length - 1);
        if (taken > 0) file.pieces.push({ bytes: all.subarray(0, taken), state: "unsynced" });
        if (failure !== "short") throw failed(failure, "write", path);
        return taken;
      },
      async datasync() {
        await time();
        const failure = meet(["EIO", "ENOSPC"]) ?? (syncFailsOneIn > 0 && dice.whole(1, syncFailsOneIn) === 1 ? "EIO" : undefined);
        for (const piece of file.pieces) {
          if (piece.state !== "unsynced") continue;
          // After a failed one the system takes its pages for clean, whether the disk has them or not: the next one will not write them.
          piece.state = failure === undefined || dice.whole(0, 1) === 1 ? "durable" : "lost";
        }
        if (failure) throw failed(failure, "fdatasync", path);
      },
      close: () => fails("close", path, []),
    };
  }

  function contents(file: ModelFile, keep: (piece: Piece) => Buffer | undefined): Buffer {
    const kept = file.pieces.map((piece) => keep(piece));
    const last = kept.findLastIndex((bytes) => bytes !== undefined);
    return Buffer.concat(
      file.pieces.slice(0, last + 1).flatMap(({ bytes }, index) => {
        const held = kept[index];
        if (held === undefined) return [Buffer.alloc(bytes.length)];
        return index === last ? [held] : [held, Buffer.alloc(bytes.length - held.length)];
      }),
    );
  }

  function put(folder: string, content: (file: ModelFile) => Buffer | undefined): void {
    for (const [path, file] of files) {
      const bytes = content(file);
      if (bytes !== undefined) writeFileSync(join(folder, basename(path)), bytes);
    }
  }

  return {
    get operations() {
      return operations;
    },
    get failures() {
      return failures;
    },
    failAt: (from, failure, to = from) => void planned.push({ from, to, failure }),
    failSyncs: (oneIn) => void (syncFailsOneIn = oneIn),
    makeFolder: (path) => fails("mkdir", path, ["EIO"]),
    async create(path) {
      await fails("open", path, ["EIO", "ENOSPC", "EINTR"]);
      if (files.get(path)?.removed === false) throw failed("EEXIST", "open", path);
      const file: ModelFile = { folder: dirname(path), pieces: [], named: false, removed: false };
      files.set(path, file);
      return appendFile(path, file);
    },
    async remove(path) {
      await fails("unlink", path, ["EIO"]);
      const file = files.get(path);
      if (file) file.removed = true;
    },
    async syncFolder(path) {
      await fails("fsync", path, ["EIO", "ENOSPC"]);
      for (const file of files.values()) if (file.folder === path) file.named = true;
    },
    afterKill: (folder) => put(folder, (file) => (file.removed ? undefined : contents(file, ({ bytes }) => bytes))),
    afterPowerLoss: (folder, dice) =>
      put(folder, (file) => {
        const found = file.named ? !file.removed || dice.whole(0, 1) === 1 : dice.whole(0, 1) === 1;
        if (!found) return undefined;
        return contents(file, ({ bytes, state }) => {
          if (state === "durable") return bytes;
          if (state === "lost") return undefined;
          const choice = dice.whole(0, 2);
          if (choice === 0) return undefined;
          return choice === 1 ? bytes : bytes.subarray(0, dice.whole(0, Math.floor(bytes.length / SECTOR)) * SECTOR);
        });
      }),
  };
}

function failed(code: string, syscall: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${syscall} '${path}'`), { code, syscall, path });
}
