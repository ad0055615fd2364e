import * as checks from "../checks.ts";
import type { Locale } from "./locale.ts";
import { dutch, eastAsian, german, nordic, polish, portuguese, spanish, turkish } from "./words.ts";

/* The second list. Forms and check digits follow what each issuer publishes; own work, November 2026. */

export const pl: Locale = {
  name: "pl",
  region: "PL",
  labels: polish,
  ids: [
    { type: "NATIONAL_ID", forms: ["99999999999"], check: checks.pesel, score: 0.35, family: "national_id" },
    { type: "TAX_ID", forms: ["999-999-99-99", "999-99-99-999"], check: checks.nip, score: 0.7, family: "tax_id" },
    {
      type: "TAX_ID",
      forms: ["PL9999999999", "PL 999 999 99 99"],
      check: (value) => checks.nip(value.slice(2)),
      score: 0.8,
      family: "tax_id",
    },
    { type: "NATIONAL_ID", forms: ["AAA999999", "AAA 999999"], score: 0.2, family: "national_id" },
  ],
};

export const se: Locale = {
  name: "se",
  region: "SE",
  labels: nordic,
  ids: [
    {
      type: "NATIONAL_ID",
      forms: ["999999-9999", "99999999-9999", "999999+9999"],
      check: checks.personnummer,
      score: 0.7,
      family: "national_id",
    },
    { type: "NATIONAL_ID", forms: ["9999999999", "999999999999"], check: checks.personnummer, score: 0.2, family: "national_id" },
  ],
};

export const ch: Locale = {
  name: "ch",
  region: "CH",
  labels: german,
  ids: [
    { type: "SSN", forms: ["756.9999.9999.99", "7569999999999"], check: checks.ahv, score: 0.85, family: "national_id" },
    { type: "TAX_ID", forms: ["CHE-999.999.999", "CHE999999999"], score: 0.8, family: "tax_id" },
  ],
};

export const be: Locale = {
  name: "be",
  region: "BE",
  labels: dutch,
  ids: [
    { type: "NATIONAL_ID", forms: ["99.99.99-999.99", "99.99.99-999-99"], check: checks.belgianNumber, score: 0.9, family: "national_id" },
    { type: "NATIONAL_ID", forms: ["99999999999"], check: checks.belgianNumber, score: 0.2, family: "national_id" },
    { type: "TAX_ID", forms: ["BE0999999999", "BE 0999.999.999", "BE0999.999.999", "0999.999.999"], score: 0.6, family: "tax_id" },
  ],
};

export const sg: Locale = {
  name: "sg",
  region: "SG",
  labels: { national_id: ["nric", "nric no", "nric number", "fin number", "fin no", "nric fin"], tax_id: ["uen"] },
  ids: [{ type: "NATIONAL_ID", forms: ["A9999999A"], check: isNric, score: 0.75, family: "national_id" }],
};

export const za: Locale = {
  name: "za",
  region: "ZA",
  labels: { national_id: ["sa id", "rsa id", "south african id", "sa id number", "id no"] },
  ids: [
    {
      type: "NATIONAL_ID",
      forms: ["9999999999999", "999999 9999 999", "999999 9999 99 9"],
      check: checks.southAfrican,
      score: 0.4,
      family: "national_id",
    },
  ],
};

export const tr: Locale = {
  name: "tr",
  region: "TR",
  labels: turkish,
  ids: [{ type: "NATIONAL_ID", forms: ["99999999999"], check: checks.turkish, score: 0.4, family: "national_id" }],
};

export const kr: Locale = {
  name: "kr",
  region: "KR",
  labels: { ...eastAsian, national_id: ["resident registration number", "rrn", "주민등록번호", "주민번호"] },
  ids: [{ type: "NATIONAL_ID", forms: ["999999-9999999"], check: checks.residentNumber, score: 0.7, family: "national_id" }],
};

export const cn: Locale = {
  name: "cn",
  region: "CN",
  labels: eastAsian,
  ids: [
    {
      type: "NATIONAL_ID",
      forms: ["999999999999999999", "99999999999999999X"],
      check: checks.chineseIdentity,
      score: 0.75,
      family: "national_id",
    },
  ],
};

export const jp: Locale = {
  name: "jp",
  region: "JP",
  labels: { ...eastAsian, national_id: ["my number card", "individual number", "マイナンバー", "個人番号"] },
  ids: [
    {
      type: "NATIONAL_ID",
      forms: ["999999999999", "9999 9999 9999", "9999-9999-9999"],
      check: checks.myNumber,
      score: 0.3,
      family: "national_id",
    },
  ],
};

export const fi: Locale = {
  name: "fi",
  region: "FI",
  labels: nordic,
  ids: [
    { type: "NATIONAL_ID", forms: ["999999-999X", "999999+999X", "999999A999X"], check: checks.finnish, score: 0.8, family: "national_id" },
  ],
};

export const dk: Locale = {
  name: "dk",
  region: "DK",
  labels: nordic,
  ids: [{ type: "NATIONAL_ID", forms: ["999999-9999"], check: checks.danish, score: 0.45, family: "national_id" }],
};

export const no: Locale = {
  name: "no",
  region: "NO",
  labels: nordic,
  ids: [{ type: "NATIONAL_ID", forms: ["99999999999", "999999 99999"], check: checks.norwegian, score: 0.4, family: "national_id" }],
};

export const mx: Locale = {
  name: "mx",
  region: "MX",
  labels: spanish,
  ids: [
    { type: "NATIONAL_ID", forms: ["AAAA999999AAAAAAX9"], check: checks.curp, score: 0.85, family: "national_id" },
    { type: "TAX_ID", forms: ["AAAA999999XXX", "AAA999999XXX"], check: isRfc, score: 0.6, family: "tax_id" },
  ],
};

export const cl: Locale = {
  name: "cl",
  region: "CL",
  labels: spanish,
  ids: [
    { type: "NATIONAL_ID", forms: ["99.999.999-X", "9.999.999-X"], check: checks.rut, score: 0.85, family: "national_id" },
    { type: "NATIONAL_ID", forms: ["99999999-X", "9999999-X"], check: checks.rut, score: 0.4, family: "national_id" },
  ],
};

export const ar: Locale = {
  name: "ar",
  region: "AR",
  labels: spanish,
  ids: [
    { type: "TAX_ID", forms: ["99-99999999-9"], check: checks.cuit, score: 0.8, family: "tax_id" },
    { type: "TAX_ID", forms: ["99999999999"], check: checks.cuit, score: 0.3, family: "tax_id" },
  ],
};

export const pt: Locale = {
  name: "pt",
  region: "PT",
  labels: portuguese,
  ids: [{ type: "TAX_ID", forms: ["999999999", "999 999 999"], check: checks.nif, score: 0.25, family: "tax_id" }],
};

export const ie: Locale = {
  name: "ie",
  region: "IE",
  labels: { national_id: ["pps", "ppsn", "pps number", "pps no"] },
  ids: [{ type: "NATIONAL_ID", forms: ["9999999A", "9999999AA"], check: checks.pps, score: 0.5, family: "national_id" }],
};

export const il: Locale = {
  name: "il",
  region: "IL",
  labels: { national_id: ["teudat zehut", "tz", "תעודת זהות"] },
  ids: [{ type: "NATIONAL_ID", forms: ["999999999", "99999999-9"], check: checks.israeli, score: 0.15, family: "national_id" }],
};

export const at: Locale = {
  name: "at",
  region: "AT",
  labels: german,
  ids: [
    { type: "SSN", forms: ["9999 999999", "9999999999"], check: checks.austrian, score: 0.4, family: "ssn" },
    { type: "TAX_ID", forms: ["ATU99999999", "ATU 99999999"], score: 0.7, family: "tax_id" },
  ],
};

function isNric(value: string): boolean {
  return /^[STFGM]/.test(value) && checks.nric(value);
}

function isRfc(value: string): boolean {
  return checks.hasDate(value.slice(-9), "ymd");
}
