import { cpSync, mkdtempSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Recorded } from "../genai/recorded.ts";
import { encodeBatch, type IntakeCursor } from "../pipeline/batch.ts";
import { carrier, type Carried, type Carrier } from "../pipeline/carrier.ts";
import { deadLetters, type DeadLetters } from "../pipeline/dead_letters.ts";
import { pipeline, type Pipeline, type PipelineOptions } from "../pipeline/pipeline.ts";
import { userKeys } from "../pipeline/user_key.ts";
import type { Processor } from "../processors/processor.ts";
import { duckdbStore } from "../storage/duckdb_store.ts";
import type { SpanStore } from "../storage/store.ts";

export interface RunningPipeline extends AsyncDisposable {
  readonly pipeline: Pipeline;
  readonly store: SpanStore;
  readonly letters: DeadLetters;
  /** Ids of the exchanges in the store, one for each SERVER span. */
  stored(): Promise<string[]>;
}

export interface StartOptions extends Partial<PipelineOptions> {
  readonly dataDir: string;
  readonly processors?: readonly Processor[];
  /** Steps behind the processors that do what no processor may: change what a span is, or fail its exchange. */
  readonly faults?: readonly Processor[];
  /** Lanes that live. */
  readonly lanes?: readonly string[];
  /** What the pipeline gets in place of the store. */
  readonly around?: (store: SpanStore) => SpanStore;
  /** What the store could not do beside its questions; throws unless a test expects it. */
  readonly onStoreError?: (error: unknown) => void;
}

/** What a pipeline process runs, here with lanes that live as the test says. */
export async function startPipeline({
  dataDir,
  lanes = ["one"],
  processors = [],
  faults = [],
  around = (store) => store,
  onStoreError = (error) => {
    throw error;
  },
  ...more
}: StartOptions): Promise<RunningPipeline> {
  const { masters = [], onError = () => {} } = more;
  const letters = deadLetters({ folder: join(dataDir, "dead-letters"), masters, onDamage: () => {}, onError });
  const inner = await duckdbStore({ dataDir, onRefused: (span, error) => letters.refused(span, error), onError: onStoreError });
  const store = around(inner);
  const running = await pipeline({
    dataDir,
    segmentBytes: 1024 * 1024,
    masters,
    carrier: faulty(carrier(processors, { userKey: userKeys(Buffer.alloc(32)) }), faults),
    store,
    letters,
    onError,
    ...more,
  }).catch(async (error: unknown) => {
    await inner[Symbol.asyncDispose]();
    throw error;
  });
  running.setLive(lanes);
  return {
    pipeline: running,
    store,
    letters,
    async stored() {
      await running.catchUp();
      const { rows } = await inner.query("SELECT exchange_id FROM spans WHERE kind = 'server'");
      return rows.map(([id]) => String(id)).sort();
    },
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      await inner[Symbol.asyncDispose]();
    },
  };
}

/** Carries as another does, and then some. */
function faulty(inner: Carrier, faults: readonly Processor[]): Carrier {
  return Object.assign(Object.create(inner) as Carrier, {
    async carry(recorded: readonly Recorded[], through: IntakeCursor): Promise<Carried> {
      const carried = await inner.carry(recorded, through);
      let { spans } = carried;
      for (const fault of faults) spans = await fault.process(spans);
      return { ...carried, spans, record: encodeBatch({ spans, through }) };
    },
  });
}

/** A copy of the data folder, beside it, as a kill at this moment would leave it. */
export function killed(dataDir: string): string {
  const copy = mkdtempSync(join(dirname(dataDir), "killed-"));
  cpSync(dataDir, copy, { recursive: true });
  return copy;
}

/** A store that does some things otherwise. */
export function changed(store: SpanStore, changes: Partial<SpanStore>): SpanStore {
  return Object.assign(Object.create(store) as SpanStore, changes);
}
