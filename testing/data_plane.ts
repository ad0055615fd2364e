import { cpSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { z } from "zod";
import { Secret } from "../config/secret.ts";
import { counters, type GatewayCounts } from "../gateway/counters.ts";
import { gatewayOptions, type ClientOptions } from "../gateway/options.ts";
import { recorder, type Recorder } from "../gateway/recorder.ts";
import { gateway, type Gateway, type GatewaySettings } from "../gateway/server.ts";
import type { OutboundProxy } from "../gateway/outbound_proxy.ts";
import { decodePiece } from "../genai/piece.ts";
import type { Chunk, Closed, Opened } from "../genai/recorded.ts";
import { journal, type Journal } from "../journal/append.ts";
import type { Files } from "../journal/files.ts";
import { journalReader } from "../journal/read.ts";
import type { Room } from "../journal/room.ts";
import { loadOrCreateKey, type MasterKey } from "../journal/seal.ts";
import { eventually } from "./eventually.ts";

export interface DataPlaneOptions extends Partial<Pick<GatewaySettings, "default_upstream" | "durability" | "audit" | "capture">> {
  /** Base URLs, or all the options of an upstream, by name. The first one is the default. */
  readonly upstreams: { readonly [name: string]: string | GatewaySettings["upstreams"][string] };
  readonly clients?: readonly (Omit<Partial<ClientOptions>, "token"> & { readonly name: string; readonly token: string })[];
  readonly gateway?: z.input<typeof gatewayOptions>;
  readonly proxy?: OutboundProxy;
  /** What the recorder gets for its journal. */
  readonly disk?: (lane: Journal) => Journal;
  /** What the journal writes to, in place of the disk. */
  readonly files?: Files;
  /** How much room there is for it. */
  readonly room?: () => Room;
  /** What the gateway gets for its recorder. */
  readonly recorder?: (own: Recorder) => Recorder;
  /** Where it listens, when not on loopback. */
  readonly host?: string;
}

/** An exchange as its pieces in the journal tell it. */
export interface Entry {
  readonly opened: Opened;
  /** Undefined while its end is not in the journal. */
  readonly closed?: Closed;
  readonly request: Buffer;
  readonly response: Buffer;
  readonly chunks: readonly Chunk[];
}

/** The data plane of one process, in this one: a real listener, and a real journal that nobody empties. */
export interface DataPlane extends AsyncDisposable {
  /** Without a path: `http://127.0.0.1:40123`. */
  readonly url: string;
  readonly counts: GatewayCounts;
  /** What went wrong beside the calls. */
  readonly errors: readonly unknown[];
  readonly apply: (options: DataPlaneOptions) => void;
  readonly drain: Gateway["drain"];
  /** What stands in the journal's files at this moment, in the order the exchanges began. */
  readonly entries: () => Promise<readonly Entry[]>;
  /** The same as soon as all that began has ended. A refusal, or the end of a call whose client left, does not wait for its record. */
  readonly ended: () => Promise<readonly Entry[]>;
}

export async function startDataPlane(options: DataPlaneOptions): Promise<DataPlane> {
  const home = await mkdtemp(join(tmpdir(), "spangate-test-"));
  const folder = join(home, "lane");
  const master = loadOrCreateKey(join(home, "intake.key"));
  const counting = counters();
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);

  let copies = 0;

  const settings = settingsOf(options);
  const files = options.files && { files: options.files };
  const lane = await journal({ folder, first: 1, segmentBytes: 64 * 2 ** 20, master, onError, ...files });
  const recording = recorder({
    journal: options.disk?.(lane) ?? lane,
    maxCaptureBytes: settings.gateway.max_capture_bytes,
    counters: counting,
    ...(options.room && { room: options.room }),
    onError,
  });
  const running = gateway(settings, {
    recorder: options.recorder?.(recording) ?? recording,
    counters: counting,
    proxy: options.proxy ?? {},
    onError,
  });
  const port = await running.listen(options.host ?? "127.0.0.1", 0, false);

  const entries = async (): Promise<readonly Entry[]> => {
    // Copied in this very turn: what is written while the copy is read does not count.
    const copy = join(home, `copy-${copies++}`);
    cpSync(folder, copy, { recursive: true });
    return journalEntries(copy, [master]);
  };

  return {
    url: `http://${options.host ?? "127.0.0.1"}:${port}`,
    counts: counting.counts,
    errors,
    apply: (changed) => running.apply(settingsOf(changed)),
    drain: (timeoutMs) => running.drain(timeoutMs),
    entries,
    ended: () => eventually(entries, (all) => all.length >= counting.counts.begun && all.every(({ closed }) => closed)),
    async [Symbol.asyncDispose]() {
      await running.drain(0);
      await recording[Symbol.asyncDispose]();
      await lane[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
}

function settingsOf({
  upstreams,
  default_upstream,
  durability,
  audit,
  capture,
  clients = [],
  gateway: options = {},
}: DataPlaneOptions): GatewaySettings {
  const entries = Object.entries(upstreams).map(([name, each]) => [name, typeof each === "string" ? { base_url: each } : each] as const);
  return {
    upstreams: Object.fromEntries(entries),
    default_upstream: default_upstream ?? entries[0]?.[0],
    durability: durability ?? "balanced",
    audit: audit ?? "best_effort",
    capture: capture ?? "full",
    clients: clients.map((client) => ({ tenant: "default", ...client, token: new Secret(client.token) })),
    gateway: gatewayOptions.parse(options),
  };
}

/** The exchanges in the folder of one lane, also while it is being written. */
export async function journalEntries(folder: string, masters: readonly MasterKey[]): Promise<readonly Entry[]> {
  await using reader = journalReader({
    folder,
    after: 0,
    masters,
    onDamage: ({ segment, offset, reason }) => {
      throw new Error(`${segment} at ${offset}: ${reason}`);
    },
  });
  const pieces = [];
  for (let records = await reader.read(); records.length > 0; records = await reader.read()) {
    pieces.push(...records.map(({ payload }) => decodePiece(payload)));
  }
  return [...Map.groupBy(pieces, ({ exchangeId }) => exchangeId).values()].map((of) => {
    const opened = of[0]?.opened;
    if (opened === undefined) throw new Error(`the first piece of ${of[0]?.exchangeId} does not say what began`);
    const closed = of.at(-1)?.closed;
    const chunks = of.flatMap(({ response }) => response);
    return {
      opened,
      ...(closed && { closed }),
      request: Buffer.concat(of.flatMap(({ request }) => request)),
      response: Buffer.concat(chunks.map(({ bytes }) => bytes)),
      chunks,
    };
  });
}

/** The same for all lanes of a data folder. */
export async function intakeEntries(dataDir: string): Promise<readonly Entry[]> {
  const intake = join(dataDir, "journal", "intake");
  const master = loadOrCreateKey(join(dataDir, "keys", "intake.key"));
  const lanes = await readdir(intake);
  return (await Promise.all(lanes.map((lane) => journalEntries(join(intake, lane), [master])))).flat();
}
