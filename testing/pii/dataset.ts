import { readFileSync } from "node:fs";
import type { Dataset, LabelledText } from "./scoring.ts";

interface Index {
  readonly files: Readonly<Record<string, Pick<Dataset, "labels" | "soft">>>;
}

/** The labelled files of this folder. */
export function datasets(): readonly Dataset[] {
  const read = (file: string): string => readFileSync(new URL(file, import.meta.url), "utf8");
  const { files } = JSON.parse(read("index.json")) as Index;
  return Object.entries(files).map(([name, { labels, soft }]) => ({
    name,
    labels,
    soft,
    rows: read(name)
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as LabelledText),
  }));
}
