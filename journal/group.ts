import { recordLength, writeRecord, type Kind, type Sequence } from "./record.ts";

/** Records that are written together, one behind the other. */
export interface Group {
  readonly first: Sequence;
  /** How many of its records there are. */
  count: number;
  buffer: Buffer;
  bytes: number;
  /** It stands in a segment already, of which nobody knows what the disk has. */
  readonly again?: true;
  /** How many wait until it is written, */
  waiting: number;
  /** and what they wait for. */
  written?: PromiseWithResolvers<void>;
}

/** Memory of groups that is used again: what was touched a moment ago costs less than what is new. */
export interface Buffers {
  take(): Buffer;
  give(buffer: Buffer): void;
}

const GROUP_BYTES = 128 * 1024;
/** Of buffers for groups to come. */
const MAX_SPARE_BYTES = 8 * 1024 * 1024;

export function buffers(): Buffers {
  const spare: Buffer[] = [];
  let bytes = 0;
  return {
    take() {
      const buffer = spare.pop();
      bytes -= buffer?.length ?? 0;
      return buffer ?? Buffer.allocUnsafe(GROUP_BYTES);
    },
    give(buffer) {
      if (buffer.length < GROUP_BYTES || bytes + buffer.length > MAX_SPARE_BYTES) return;
      spare.push(buffer);
      bytes += buffer.length;
    },
  };
}

/** Puts a record behind those of the group, in a larger buffer where it needs one. */
export function addRecord(group: Group, sequence: Sequence, kind: Kind, payload: readonly Buffer[], memory: Buffers): void {
  const needed = group.bytes + recordLength(payload);
  if (needed > group.buffer.length) {
    const larger = Buffer.allocUnsafe(Math.max(needed, group.buffer.length * 2));
    larger.set(group.buffer.subarray(0, group.bytes));
    memory.give(group.buffer);
    group.buffer = larger;
  }
  group.bytes = writeRecord(group.buffer, group.bytes, sequence, kind, payload);
  group.count++;
}
