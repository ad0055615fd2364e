import { DuckDBInstance } from "@duckdb/node-api";

const MEMORY_LIMIT = "512MB";

/** An engine in memory that fetches no extension and writes no temporary file: what it holds does not reach the disk by itself. */
export function engine(): Promise<DuckDBInstance> {
  return DuckDBInstance.create(":memory:", {
    memory_limit: MEMORY_LIMIT,
    threads: "2",
    temp_directory: "",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    allow_community_extensions: "false",
  });
}

/** Whether a statement failed for want of memory, of which there may be enough in a moment, or for less at once. */
export const isOutOfMemory = (error: unknown): boolean => error instanceof Error && error.message.startsWith("Out of Memory Error");
