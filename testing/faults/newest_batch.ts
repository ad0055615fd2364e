import { join } from "node:path";
import { spanBatches, type Newest } from "../../pipeline/span_batches.ts";

const ignore = (): void => {};

/** What a pipeline that starts now would take for the newest batch on the span journal, and so for the cursor of the intake. */
export function newestBatch(dataDir: string): Promise<Newest> {
  return spanBatches({ folder: join(dataDir, "journal", "spans"), onDamage: ignore, onMissing: ignore }).newest();
}
