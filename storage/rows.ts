import {
  DuckDBMapValue,
  JsonDuckDBValueConverter,
  type DuckDBResult,
  type DuckDBType,
  type DuckDBValue,
  type DuckDBValueConverter,
  type Json,
} from "@duckdb/node-api";
import type { Rows } from "./store.ts";

/** How much of a result is wanted. */
export interface RowLimits {
  readonly maxRows: number;
  /** Of the rows as JSON. */
  readonly maxBytes: number;
}

/** Values as JSON says them: decimals and integers beyond 32 bits as text, which loses nothing; maps as objects. */
const convert: DuckDBValueConverter<Json> = (value: DuckDBValue, type: DuckDBType, converter) => {
  if (!(value instanceof DuckDBMapValue)) return JsonDuckDBValueConverter(value, type, converter);
  const valueType = (type as unknown as { valueType: DuckDBType }).valueType;
  return Object.fromEntries(value.entries.map((entry) => [String(entry.key), converter(entry.value, valueType, converter) ?? null]));
};

/** The rows of a result, up to the first that is beyond a limit: then it is marked as truncated. */
export async function readRows(
  result: DuckDBResult,
  { maxRows, maxBytes }: RowLimits = { maxRows: Infinity, maxBytes: Infinity },
): Promise<Rows & { readonly truncated: boolean }> {
  const columns = result.columnNames().map((name, i) => {
    const type = result.columnType(i);
    return { name, type: type.alias ?? type.toString() }; // JSON is a text under another name
  });
  const rows: (readonly unknown[])[] = [];
  let bytes = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) return { columns, rows, truncated: false };
    for (let i = 0; i < chunk.rowCount; i++) {
      const row = chunk.convertRowValues(i, convert);
      if (maxBytes !== Infinity) bytes += Buffer.byteLength(JSON.stringify(row));
      if (rows.length === maxRows || bytes > maxBytes) return { columns, rows, truncated: true };
      rows.push(row);
    }
  }
}
