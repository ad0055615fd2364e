import { readFileSync, statSync } from "node:fs";
import { catalog } from "./catalog.ts";
import { priceBook } from "./price_book.ts";
import { parsePriceFile, type PriceFile } from "./price_file.ts";
import type { Prices } from "./prices.ts";

export interface PriceListsOptions {
  /** Path of the operator's file. */
  readonly overrides?: string | undefined;
  /** What is wrong with it, whenever that is something new. */
  readonly onProblem: (problem: string) => void;
  readonly nowMs?: () => number;
}

/** A changed file is read after this long at the latest. */
const LOOK_EVERY_MS = 2000;
/** Some twenty thousand prices, which take seconds to read; spans wait for that. */
const MAX_BYTES = 2_000_000;

/** All price lists there are. The operator's file is read again when it changes; one that is of no use leaves the last good one in force. */
export function priceLists({ overrides: path, onProblem, nowMs = Date.now }: PriceListsOptions): Prices {
  const lists = { builtin: readPriceFile(new URL("known.yaml", import.meta.url)), catalog: catalog() };
  let overrides: PriceFile | undefined;
  let book = priceBook({ ...lists, overrides });
  let seen: string | undefined;
  let lookedMs = -Infinity;

  function look(file: string): void {
    const found = mark(file);
    if (found === seen) return;
    seen = found;
    const read = acceptable(file, overrides);
    if (typeof read === "string") onProblem(read);
    else book = priceBook({ ...lists, overrides: (overrides = read) });
  }

  const refresh = (): void => {
    const now = nowMs();
    if (path === undefined || (now - lookedMs < LOOK_EVERY_MS && now >= lookedMs)) return;
    lookedMs = now;
    look(path);
  };
  refresh();
  return { find: (asked) => book.find(asked), refresh };
}

/** Throws an error that says what is wrong with the file. */
export function readPriceFile(path: string | URL): PriceFile {
  const stat = statSync(path);
  if (!stat.isFile()) throw new Error("it is no file"); // reading a pipe would wait for whoever writes to it
  if (stat.size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
  return parsePriceFile(readFileSync(path, "utf8"));
}

/** What the file says, or why the one before it stays in force. */
function acceptable(path: string, before: PriceFile | undefined): PriceFile | string {
  const stays = before ? `; prices stay those of version ${before.version}` : "; until it is right, no prices of yours are used";
  try {
    const read = readPriceFile(path);
    if (!before || size(read) * 2 >= size(before)) return read;
    return `price file ${path} has shrunk from ${size(before)} entries to ${size(read)}, and is taken for damaged${stays}. If that is right, restart`;
  } catch (error) {
    return `price file ${path} cannot be used: ${error instanceof Error ? error.message : String(error)}${stays}`;
  }
}

function size({ prices, factors }: PriceFile): number {
  return prices.length + factors.length;
}

/** Changes when the file does; a file that is not there, or cannot be looked at, has one too. */
function mark(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch (error) {
    return String(error);
  }
}
