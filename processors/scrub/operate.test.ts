import { expect, test } from "vitest";
import { asWord, keyedHashes } from "../keyed_hash.ts";
import type { PiiType } from "./finding.ts";
import { operate, operateOnIds, type Operator } from "./operate.ts";

const hash = keyedHashes(Buffer.alloc(32, 7));
const inTenant =
  (tenant: string) =>
  (type: PiiType, canonical: string): string =>
    asWord(hash(tenant, type, canonical));

const cases: readonly { operator: Operator; type: PiiType; found: string; after: string }[] = [
  { operator: "marker", type: "EMAIL", found: "ann@example.com", after: "[EMAIL]" },
  { operator: "mask", type: "PHONE", found: "+49 151 496-10", after: "+** *** ***-**" },
  { operator: "mask", type: "PERSON", found: "Åsa Ёлкина", after: "*** ******" },
  { operator: "keep_last_4", type: "CREDIT_CARD", found: "4111 1111 1111 1234", after: "[CREDIT_CARD:1234]" },
  { operator: "keep_last_4", type: "SSN", found: "1234", after: "[SSN]" },
  { operator: "keep_last_4", type: "PASSWORD", found: "correct horse", after: "[PASSWORD]" },
  { operator: "keep_last_4", type: "PERSON", found: "Ann Example", after: "[PERSON]" },
  { operator: "drop", type: "SECRET", found: "sk-abc", after: "" },
];
for (const { operator, type, found, after } of cases) {
  test(`${operator} makes ${after || "nothing"} of a ${type}`, () => {
    expect(operate({ operator, operators: {} }, inTenant("a"))(found, type)).toBe(after);
  });
}

test("a type may have an operator of its own", () => {
  const both = operate({ operator: "marker", operators: { EMAIL: "drop" } }, inTenant("a"));
  expect([both("ann@example.com", "EMAIL"), both("Ann", "PERSON")]).toEqual(["", "[PERSON]"]);
});

test("a pseudonym is its type and ten letters or digits", () => {
  expect(operateOnIds(inTenant("a"))("ann@example.com", "EMAIL")).toMatch(/^EMAIL_[a-z2-7]{10}$/);
});

const same: readonly { type: PiiType; written: readonly string[] }[] = [
  { type: "EMAIL", written: ["Ann@Example.com", "ann@example.com"] },
  { type: "PHONE", written: ["+49 151 49610269", "0049 (151) 4961-0269"] },
  { type: "CREDIT_CARD", written: ["4111 1111 1111 1111", "4111-1111-1111-1111", "4111111111111111"] },
  { type: "IBAN", written: ["de89 3704 0044 0532 0130 00", "DE89370400440532013000"] },
  { type: "PERSON", written: ["Ann  Example", "ann example", "ANN\nEXAMPLE"] },
];
for (const { type, written } of same) {
  test(`a ${type} written otherwise has the same pseudonym`, () => {
    expect(new Set(written.map((each) => operateOnIds(inTenant("a"))(each, type))).size).toBe(1);
  });
}

test("the same value has another pseudonym in another tenant, as another type, and under another key", () => {
  const others = keyedHashes(Buffer.alloc(32, 8));
  const all = [
    operateOnIds(inTenant("a"))("12345678", "SSN"),
    operateOnIds(inTenant("b"))("12345678", "SSN"),
    operateOnIds(inTenant("a"))("12345678", "TAX_ID").replace("TAX_ID", "SSN"),
    operateOnIds((type, canonical) => asWord(others("a", type, canonical)))("12345678", "SSN"),
  ];
  expect(new Set(all).size).toBe(4);
});

test("secrets that differ in case only are different secrets", () => {
  const named = operateOnIds(inTenant("a"));
  expect(named("sk-Abc", "SECRET")).not.toBe(named("sk-abc", "SECRET"));
});
