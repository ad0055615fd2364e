import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StartError } from "./start_error.ts";

/** What `run/serve.json` says of a running server. */
export interface ServeFile {
  readonly pid: number;
  readonly pids: { readonly gateway: readonly number[]; readonly pipeline: number | undefined };
  /** What each gateway process writes, in the order of their pids. */
  readonly lanes?: readonly string[];
  readonly data_url: string;
  readonly control_url: string;
}

export interface DataFolder extends Disposable {
  readonly path: string;
  /** Small mutable state. Open as long as the folder is ours: its exclusive lock keeps a second server out. */
  readonly state: DatabaseSync;
  readonly controlSocket: string;
  readonly pipelineSocket: string;
  writeServeFile(content: ServeFile): void;
}

/** Unix socket paths are short: 108 bytes on Linux, 104 on macOS, with the zero at their end. */
const LONGEST_SOCKET = 103;

export const serveFile = (dataDir: string): string => join(dataDir, "run", "serve.json");
export const controlSocket = (dataDir: string): string => join(dataDir, "run", "control.sock");

/** The key that the intake journal's keys are wrapped with: the file the operator names, or one of our own beside the data. */
export function intakeKeyFile(dataDir: string, env: { readonly [name: string]: string | undefined }): string {
  return env["SPANGATE_INTAKE_KEY_FILE"] || join(dataDir, "keys", "intake.key");
}

/** Takes the data folder for this process. Throws a `StartError` when another server has it. */
export function openDataFolder(dataDir: string): DataFolder {
  const path = resolve(dataDir);
  try {
    for (const folder of ["run", "keys", "journal", "parquet"]) makeFolder(join(path, folder));
    chmodSync(path, 0o700);
  } catch (error) {
    throw new StartError(3, `cannot use the data folder ${path}: ${(error as Error).message}; set data_dir (--data) to a folder of yours`);
  }
  const pipelineSocket = join(path, "run", "pipeline.sock");
  if (Buffer.byteLength(pipelineSocket) > LONGEST_SOCKET) {
    throw new StartError(2, `the data folder ${path} has too long a path for the sockets in it; set data_dir (--data) to a shorter one`);
  }
  const state = lockedState(path);
  return {
    path,
    state,
    controlSocket: controlSocket(path),
    pipelineSocket,
    writeServeFile(content) {
      const draft = `${serveFile(path)}.new`;
      writeFileSync(draft, `${JSON.stringify(content)}\n`, { mode: 0o600 });
      renameSync(draft, serveFile(path));
    },
    [Symbol.dispose]() {
      rmSync(serveFile(path), { force: true });
      rmSync(controlSocket(path), { force: true });
      rmSync(pipelineSocket, { force: true });
      state.close();
    },
  };
}

/** Parents first, one at a time: the recursive form of Node never comes back from a place like /proc, where no folder can be made. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

function lockedState(path: string): DatabaseSync {
  const file = join(path, "state.sqlite");
  const state = new DatabaseSync(file);
  try {
    // In this mode the lock that the first write takes is kept until the database is closed, however the process ends.
    state.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE; COMMIT");
    chmodSync(file, 0o600);
    return state;
  } catch (error) {
    state.close();
    const { errcode } = error as { errcode?: number };
    if (errcode !== 5) throw new StartError(3, `cannot open ${file}: ${(error as Error).message}; move it away, or set data_dir (--data)`);
    const holder = readServeFile(path)?.pid;
    const who = holder === undefined ? "another process" : `the Spangate of process ${holder}`;
    throw new StartError(3, `the data folder ${path} is in use by ${who}; stop it, or set data_dir (--data) to another folder`);
  }
}

/** Undefined when no server runs on this folder, or it is not ready yet. */
export function readServeFile(dataDir: string): ServeFile | undefined {
  try {
    return JSON.parse(readFileSync(serveFile(dataDir), "utf8")) as ServeFile;
  } catch {
    return undefined;
  }
}
