import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";

/** A token of the control plane, as far as it can be shown again. */
export interface TokenInfo {
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
}

/** Who may use the control plane. Only digests are stored: a token is shown once, when it is made. */
export interface Tokens {
  create(name: string): TokenInfo & { readonly token: string };
  list(): readonly TokenInfo[];
  /** False when there is no such token. */
  revoke(id: string): boolean;
  accepts(token: string): boolean;
}

/** `sgt_<id>_<secret>`: the id finds the row, the secret proves it. */
const TOKEN = /^sgt_([0-9a-f]{12})_([0-9A-Za-z_-]{43})$/;

/** `adminToken` comes from the environment and is not stored. */
export function tokens(state: DatabaseSync, adminToken?: string): Tokens {
  state.exec(
    "CREATE TABLE IF NOT EXISTS tokens (id TEXT PRIMARY KEY, name TEXT NOT NULL, digest BLOB NOT NULL, created_at TEXT NOT NULL) STRICT",
  );
  const digest = (text: string): Buffer => hash("sha256", text, "buffer");
  const admin = adminToken === undefined ? undefined : digest(adminToken);
  const unknown = randomBytes(32);

  return {
    create(name) {
      const id = randomBytes(6).toString("hex");
      const secret = randomBytes(32).toString("base64url");
      const created_at = new Date().toISOString();
      state.prepare("INSERT INTO tokens (id, name, digest, created_at) VALUES (?, ?, ?, ?)").run(id, name, digest(secret), created_at);
      return { id, name, created_at, token: `sgt_${id}_${secret}` };
    },
    list: () => state.prepare("SELECT id, name, created_at FROM tokens ORDER BY created_at").all() as unknown as TokenInfo[],
    revoke: (id) => state.prepare("DELETE FROM tokens WHERE id = ?").run(id).changes > 0,
    accepts(token) {
      if (admin !== undefined && timingSafeEqual(admin, digest(token))) return true;
      const [, id, secret] = TOKEN.exec(token) ?? [];
      const row = id === undefined ? undefined : state.prepare("SELECT digest FROM tokens WHERE id = ?").get(id);
      const stored = row?.["digest"] instanceof Uint8Array ? row["digest"] : unknown;
      return timingSafeEqual(stored, digest(secret ?? "")) && row !== undefined;
    },
  };
}
