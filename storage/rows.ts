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

/** Values as JSON says them: decimals and integers beyond 32 bits as text, which loses nothing; maps as objects. */
const convert: DuckDBValueConverter<Json> = (value: DuckDBValue, type: DuckDBType, converter) => {
  if (!(value instanceof DuckDBMapValue)) return JsonDuckDBValueConverter(value, type, converter);
  const valueType = (type as unknown as { valueType: DuckDBType }).valueType;
  return Object.fromEntries(value.entries.map((entry) => [String(entry.key), converter(entry.value, valueType, converter) ?? null]));
};

/** All rows of a result. With a limit, one row more than that tells that there were more. */
export async function readRows(result: DuckDBResult, limit = Infinity): Promise<Rows & { readonly truncated: boolean }> {
  const columns = result.columnNames().map((name, i) => {
    const type = result.columnType(i);
    return { name, type: type.alias ?? type.toString() }; // JSON is a text under another name
  });
  const rows: (readonly unknown[])[] = [];
  while (rows.length <= limit) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    rows.push(...chunk.convertRows(convert));
  }
  return { columns, rows: rows.slice(0, limit), truncated: rows.length > limit };
}
