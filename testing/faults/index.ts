import { gatewayKilled } from "./f01_gateway_killed.ts";
import { pipelineKilled } from "./f02_pipeline_killed.ts";
import { replayKilled } from "./f02_replay.ts";
import { allKilled } from "./f03_all_killed.ts";
import { powerLoss } from "./f04_power_loss.ts";
import { tornTail } from "./f05_torn_tail.ts";
import { flippedBits } from "./f06_flipped_bits.ts";
import { garbageTail } from "./f07_garbage_tail.ts";
import { longBacklog } from "./f08_backlog.ts";
import { missingFiles } from "./f08_missing_files.ts";
import { fullDisk, readOnlyDisk } from "./f09_full_disk.ts";
import { syncFails } from "./f12_sync_fails.ts";
import { eachOperation } from "./f14_each_operation.ts";
import { slowDisk } from "./f15_slow_disk.ts";
import { letterReplay, oddStoreErrors, poisonRecords } from "./f17_dead_letters.ts";
import { upstreamReset } from "./f24_upstream_reset.ts";
import { streamCut } from "./f25_stream_cut.ts";
import { upstreamHangs } from "./f26_upstream_hangs.ts";
import { clientLeaves } from "./f27_client_leaves.ts";
import { abortStorm } from "./f30_abort_storm.ts";
import { clientHalfOpen } from "./f31_client_half_open.ts";
import { upstreamHalfOpen } from "./f32_upstream_half_open.ts";
import { fastUpstream, slowReader } from "./f33_slow_reader.ts";
import { slowWriter } from "./f34_slow_writer.ts";
import { manyStreams } from "./f36_many_streams.ts";
import { noFilesLeft } from "./f38_no_files_left.ts";
import { malformedSse } from "./f39_malformed_sse.ts";
import { invalidReloads } from "./f52_invalid_reloads.ts";
import { loopBlocked } from "./f55_loop_blocked.ts";
import { recorderThrows } from "./f56_recorder_throws.ts";
import { signals } from "./f57_signals.ts";
import { startedTwice } from "./f58_started_twice.ts";
import { tlsUpstream } from "./f60_tls_upstream.ts";
import type { Fault } from "./fault.ts";

/** The rows of the fault matrix that are run, in its order. */
export const faults: readonly Fault[] = [
  gatewayKilled,
  pipelineKilled,
  replayKilled,
  allKilled,
  powerLoss,
  tornTail,
  flippedBits,
  garbageTail,
  missingFiles,
  longBacklog,
  fullDisk,
  readOnlyDisk,
  syncFails,
  eachOperation,
  slowDisk,
  oddStoreErrors,
  poisonRecords,
  letterReplay,
  upstreamReset,
  streamCut,
  upstreamHangs,
  ...clientLeaves,
  abortStorm,
  clientHalfOpen,
  upstreamHalfOpen,
  slowReader,
  slowWriter,
  fastUpstream,
  manyStreams,
  noFilesLeft,
  malformedSse,
  invalidReloads,
  loopBlocked,
  recorderThrows,
  signals,
  startedTwice,
  tlsUpstream,
];
