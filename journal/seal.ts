import { createCipheriv, createDecipheriv, hash, randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { KIND, type Sequence } from "./record.ts";

/** The key that wraps the data key of each segment. `id` is the beginning of its SHA-256, so that a rotated key is found again. */
export interface MasterKey {
  readonly id: string;
  readonly bytes: Buffer;
}

/** How a segment's data key stands in its head, wrapped by the master key. */
export interface WrappedKey {
  readonly master: string;
  readonly nonce: string;
  readonly wrapped: string;
}

/** Encrypts and decrypts the write groups of one segment. */
export interface Seal {
  /** What is to be written in place of the group, in order. */
  seal(sequence: Sequence, group: Buffer): Buffer[];
  /** Throws when the group was not sealed with this key at this place. */
  open(sequence: Sequence, sealed: Buffer): Buffer;
}

const ALGORITHM = "aes-256-gcm";
const TAG = 16;

/** A segment is sealed with a key that is not there: nothing is wrong with it, and it can be read once the key is back. */
export class KeyMissing extends Error {
  override readonly name = "KeyMissing";
}

/** Keys that segments may be sealed with, the newest first; a function is asked anew for each segment. */
export type Masters = readonly MasterKey[] | (() => readonly MasterKey[]);

/**
 * Reads keys of 32 bytes, one a line, each written as 64 hex digits: the first is what new segments are sealed with, the others still open old
 * ones. Throws when the file is not there or holds something else.
 */
export function loadKeys(file: string): readonly [MasterKey, ...MasterKey[]] {
  const [newest = "", ...older] = readFileSync(file, "utf8")
    .trim()
    .split(/\s*\n\s*/);
  return [readKey(newest, file), ...older.map((text) => readKey(text, file))];
}

/** The newest key of a file. Makes one, readable to its owner alone, when there is no file. Throws like `loadKeys`. */
export function loadOrCreateKey(file: string): MasterKey {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flag: "wx", flush: true });
    chmodSync(draft, 0o600);
    try {
      linkSync(draft, file); // unlike rename, never replaces the key that another process made meanwhile
    } catch (error) {
      if (!existsSync(file)) throw error;
    } finally {
      rmSync(draft);
    }
    syncNames(dirname(file)); // a record must not outlive the key it is sealed with
  }
  return loadKeys(file)[0];
}

/** Puts a new key before those of the file, in one step: whoever reads it at that moment finds the old keys or all of them. */
export function addKey(file: string): MasterKey {
  const keys = [{ bytes: randomBytes(32) }, ...loadKeys(file)];
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, keys.map(({ bytes }) => `${bytes.toString("hex")}\n`).join(""), { mode: 0o600, flag: "wx", flush: true });
    renameSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
  syncNames(dirname(file));
  return loadOrCreateKey(file);
}

function syncNames(folder: string): void {
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function readKey(text: string, file: string): MasterKey {
  if (!/^[0-9a-f]{64}$/i.test(text)) {
    throw new Error(`${file} does not hold 64 hex digits (32 bytes) a line, such as \`openssl rand -hex 32\` prints`);
  }
  const bytes = Buffer.from(text, "hex");
  return { id: hash("sha256", bytes, "hex").slice(0, 16), bytes };
}

/** A fresh data key for the segment that begins at `first`, and how it stands in the segment's head. */
export function newSeal(master: MasterKey, first: Sequence): { seal: Seal; key: WrappedKey } {
  const dataKey = randomBytes(32);
  const nonce = randomBytes(12);
  const cipher = createCipheriv(ALGORITHM, master.bytes, nonce).setAAD(Buffer.from(`segment ${first}`));
  const wrapped = Buffer.concat([cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
  return {
    seal: sealWith(dataKey),
    key: { master: master.id, nonce: nonce.toString("base64"), wrapped: wrapped.toString("base64") },
  };
}

/** The seal of a segment that was written before. Throws `KeyMissing` when none of `masters` wrapped its key, and what `masters` throws. */
export function openSeal(masters: Masters, key: WrappedKey, first: Sequence): Seal {
  const keys = typeof masters === "function" ? masters() : masters;
  const master = keys.find(({ id }) => id === key.master);
  if (master === undefined)
    throw new KeyMissing(`segment ${first} is encrypted with key ${key.master}, which is not at hand; put that key file back`);
  const wrapped = Buffer.from(key.wrapped, "base64");
  const decipher = createDecipheriv(ALGORITHM, master.bytes, Buffer.from(key.nonce, "base64"))
    .setAAD(Buffer.from(`segment ${first}`))
    .setAuthTag(wrapped.subarray(-TAG));
  return sealWith(Buffer.concat([decipher.update(wrapped.subarray(0, -TAG)), decipher.final()]));
}

function sealWith(dataKey: Buffer): Seal {
  // A sequence number is used once in a segment, and each segment has a key of its own: no nonce comes twice under one key.
  const place = (sequence: Sequence): Buffer => {
    const nonce = Buffer.alloc(12);
    nonce.writeUInt8(KIND.sealed, 0);
    nonce.writeBigUInt64LE(BigInt(sequence), 4);
    return nonce;
  };
  return {
    seal(sequence, group) {
      const nonce = place(sequence);
      const cipher = createCipheriv(ALGORITHM, dataKey, nonce).setAAD(nonce);
      const sealed = cipher.update(group); // GCM holds nothing back for the end
      cipher.final();
      return [sealed, cipher.getAuthTag()];
    },
    open(sequence, sealed) {
      const nonce = place(sequence);
      const decipher = createDecipheriv(ALGORITHM, dataKey, nonce).setAAD(nonce).setAuthTag(sealed.subarray(-TAG));
      return Buffer.concat([decipher.update(sealed.subarray(0, -TAG)), decipher.final()]);
    },
  };
}
