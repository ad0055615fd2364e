import { resolve } from "node:path";
import { StatementType } from "@duckdb/node-api";
import { engine } from "./engine.ts";
import { readRows, type RowLimits } from "./rows.ts";
import type { Rows } from "./store.ts";
import { publishedRows } from "./views.ts";

export interface FileQuery extends RowLimits {
  readonly dataDir: string;
  /** Published files, below the data folder: all the statement can see. */
  readonly files: readonly string[];
  readonly statement: string;
  readonly parameters: readonly (string | number | boolean | null)[];
}

/** What the engine's binding says of a text without a statement. */
const NO_STATEMENT = "Error in native callback";

/** A statement that is not one question. */
export class StatementError extends Error {
  override readonly name = "StatementError";
}

/** Answers one statement from the published files, in an engine of its own that is locked before the statement is read. */
export async function queryFiles({
  dataDir,
  files,
  statement,
  parameters,
  ...limits
}: FileQuery): Promise<Rows & { readonly truncated: boolean }> {
  const paths = files.map((file) => resolve(dataDir, file));
  const instance = await engine();
  const connection = await instance.connect();
  try {
    await connection.run(`CREATE VIEW spans AS ${publishedRows(paths)}`);
    await connection.run(`SET allowed_paths = [${paths.map((path) => `'${path.replaceAll("'", "''")}'`).join(", ")}]`);
    await connection.run("SET enable_external_access = false");
    await connection.run("SET lock_configuration = true");
    const statements = await connection.extractStatements(statement).catch((error: Error) => {
      if (error.message !== NO_STATEMENT) throw error;
    });
    if (statements?.count !== 1) throw new StatementError(`expected one statement, found ${statements?.count ?? 0}`);
    const prepared = await statements.prepare(0);
    // Not EXPLAIN either: with ANALYZE it runs what it explains, and that may be a COPY over one of the allowed files.
    if (prepared.statementType !== StatementType.SELECT) {
      throw new StatementError("only questions are answered here: a statement must be a SELECT");
    }
    prepared.bind([...parameters]);
    return await readRows(await prepared.stream(), limits);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
