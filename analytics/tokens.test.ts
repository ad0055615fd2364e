import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tokens } from "./tokens.ts";

let state: DatabaseSync;
beforeEach(() => {
  state = new DatabaseSync(":memory:");
});
afterEach(() => state.close());

test("a token is accepted from its creation until it is revoked", () => {
  const access = tokens(state);
  const { id, token, name } = access.create("ci");
  expect([name, access.accepts(token)]).toEqual(["ci", true]);
  expect(access.revoke(id)).toBe(true);
  expect(access.accepts(token)).toBe(false);
  expect(access.revoke(id)).toBe(false);
});

test("tokens outlive the process, and each has its own", () => {
  const [one, two] = [tokens(state).create("one"), tokens(state).create("two")];
  const access = tokens(state);
  expect(one.token).not.toBe(two.token);
  access.revoke(one.id);
  expect([access.accepts(one.token), access.accepts(two.token)]).toEqual([false, true]);
});

test("a list shows whose they are, and no secret", () => {
  const access = tokens(state);
  const made = [access.create("one"), access.create("two")];
  expect(access.list()).toEqual(made.map(({ id, name, created_at }) => ({ id, name, created_at })));
});

test("only a digest is stored", () => {
  const { token } = tokens(state).create("one");
  const secret = token.slice("sgt_".length + 12 + 1);
  expect(secret.length).toBeGreaterThan(30);
  const [row] = state.prepare("SELECT * FROM tokens").all();
  const stored = Object.values(row ?? {}).map((value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : String(value),
  );
  expect(stored.some((each) => each.includes(secret))).toBe(false);
});

describe("what is no token", () => {
  const wrong: readonly { title: string; of: (token: string) => string }[] = [
    { title: "nothing", of: () => "" },
    { title: "another secret", of: (token) => `${token.slice(0, -4)}${token.endsWith("AAAA") ? "BBBB" : "AAAA"}` },
    { title: "another id", of: (token) => `sgt_000000000000${token.slice(16)}` },
    { title: "a token and more", of: (token) => `${token}x` },
    { title: "a token and a line", of: (token) => `${token}\n` },
    { title: "less than a token", of: (token) => token.slice(0, -1) },
    { title: "the secret alone", of: (token) => token.slice(17) },
    { title: "SQL", of: () => "sgt_' OR 1=1 --_" },
  ];
  for (const { title, of } of wrong) {
    test(`is not accepted: ${title}`, () => {
      const access = tokens(state);
      expect(access.accepts(of(access.create("one").token))).toBe(false);
    });
  }
});

test("the admin token is accepted and not stored", () => {
  const access = tokens(state, "from the environment");
  expect([access.accepts("from the environment"), access.accepts("from the environmen"), access.accepts("")]).toEqual([true, false, false]);
  expect(access.list()).toEqual([]);
  expect(tokens(state).accepts("from the environment")).toBe(false);
});
