import { existsSync } from "node:fs";
import { copyFile, mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncFolder } from "../journal/files.ts";

/** Moves a file of the data folder to the same place below `damaged/`, beside what is there already. Returns where; undefined when there is no such file. */
export async function setAside(dataDir: string, path: string): Promise<string | undefined> {
  const place = await freePlace(dataDir, path);
  try {
    await rename(join(dataDir, path), join(dataDir, place));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  await syncFolder(dirname(join(dataDir, place)));
  return place;
}

export async function copyAside(dataDir: string, path: string): Promise<string> {
  const place = await freePlace(dataDir, path);
  await copyFile(join(dataDir, path), join(dataDir, place));
  await syncFolder(dirname(join(dataDir, place)));
  return place;
}

async function freePlace(dataDir: string, path: string): Promise<string> {
  const wanted = `damaged/${path}`;
  await mkdir(dirname(join(dataDir, wanted)), { recursive: true, mode: 0o700 });
  let place = wanted;
  for (let n = 2; existsSync(join(dataDir, place)); n++) place = `${wanted}.${n}`;
  return place;
}
