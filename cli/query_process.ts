import { setPriority } from "node:os";
import { queryFiles } from "../storage/query.ts";
import type { FromQuery, ToQuery } from "./messages.ts";

const PRIORITY = 10;

process.on("disconnect", () => process.exit(0));
process.once("message", (question: ToQuery) => {
  try {
    setPriority(PRIORITY);
  } catch {
    // not allowed here: then it runs like everything else
  }
  queryFiles(question).then(
    ({ columns, rows, truncated }) => answer({ columns, rows, truncated }),
    (error: Error) => answer({ error: error.message }),
  );
});

function answer(message: FromQuery): void {
  process.send?.(message, undefined, undefined, () => process.exit(0));
}
