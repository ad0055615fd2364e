import * as checks from "../checks.ts";
import type { Locale } from "./locale.ts";
import { dutch, french, german, hindi, italian, portuguese, spanish } from "./words.ts";

/*
 * The countries that are looked at by default. Forms and check digits follow what each issuer publishes; own work, November 2026.
 * A score under 0.5 needs a label.
 */

export const us: Locale = {
  name: "us",
  region: "US",
  labels: {},
  ids: [
    { type: "SSN", forms: ["999-99-9999"], check: checks.ssn, score: 0.7, family: "ssn" },
    { type: "SSN", forms: ["999 99 9999", "999.99.9999"], check: checks.ssn, score: 0.45, family: "ssn" },
    { type: "TAX_ID", forms: ["999-79-9999", "999-89-9999", "999-99-9999"], check: isItin, score: 0.75, family: "tax_id" },
    { type: "MEDICAL_ID", forms: ["9AX9-AX9-AA99", "9AX9AX9AA99", "9AX9 AX9 AA99"], check: isMbi, score: 0.75, family: "medical" },
    { type: "TAX_ID", forms: ["99-9999999"], score: 0.35, family: "tax_id" },
    { type: "MEDICAL_ID", forms: ["9999999999"], check: checks.npi, score: 0.2, family: "medical" },
    { type: "ROUTING_NUMBER", forms: ["999999999", "9999-9999-9"], check: checks.aba, score: 0.2, family: "routing" },
    { type: "MEDICAL_ID", forms: ["AA9999999"], check: isDea, score: 0.4, family: "medical" },
    { type: "DRIVER_LICENSE", forms: ["A999-999-99-999-9", "A999-9999-9999", "A999-999-999-999"], score: 0.6, family: "licence" },
  ],
};

export const uk: Locale = {
  name: "uk",
  region: "GB",
  labels: {
    national_id: ["ni number", "ni no", "nino", "national insurance number", "national insurance", "nin"],
    tax_id: ["utr", "unique taxpayer reference", "utr number"],
  },
  ids: [
    {
      type: "NATIONAL_ID",
      forms: ["AA999999A", "AA 99 99 99 A", "AA 999999 A", "AA-99-99-99-A", "AA 99 99 99A"],
      check: isNino,
      score: 0.7,
      family: "national_id",
    },
    { type: "MEDICAL_ID", forms: ["999 999 9999", "999-999-9999"], check: checks.nhs, score: 0.3, family: "medical" },
    { type: "ROUTING_NUMBER", forms: ["99-99-99"], score: 0.3, family: "routing" },
    {
      type: "DRIVER_LICENSE",
      forms: ["AAAAA999999AA9AA", "AAAA9999999AA9AA", "AAA99999999AA9AA", "AA999999999AA9AA"],
      check: isBritishLicence,
      score: 0.75,
      family: "licence",
    },
    { type: "TAX_ID", forms: ["GB999999999", "GB 999 9999 99", "GB999 9999 99"], score: 0.6, family: "tax_id" },
  ],
};

export const ca: Locale = {
  name: "ca",
  region: "CA",
  labels: { national_id: ["sin", "sin number", "sin no", "social insurance number", "sins", "numéro d assurance sociale"] },
  ids: [
    { type: "NATIONAL_ID", forms: ["999-999-999", "999 999 999"], check: checks.sin, score: 0.35, family: "national_id" },
    { type: "DRIVER_LICENSE", forms: ["A9999-99999-99999", "A9999 99999 99999"], score: 0.6, family: "licence" },
    { type: "MEDICAL_ID", forms: ["9999-999-999-AA", "9999 999 999 AA", "AAAA 9999 9999"], score: 0.4, family: "medical" },
    {
      type: "TAX_ID",
      forms: ["999999999RT9999", "999999999 RT 9999", "99999 9999 RT 9999", "99999 9999 RT9999"],
      score: 0.7,
      family: "tax_id",
    },
  ],
};

export const au: Locale = {
  name: "au",
  region: "AU",
  labels: {
    tax_id: ["tfn", "tax file number", "abn", "acn", "australian business number", "tfn number", "abn number"],
    medical: ["medicare card", "medicare card number", "medicare no"],
  },
  ids: [
    { type: "TAX_ID", forms: ["99 999 999 999"], check: checks.abn, score: 0.7, family: "tax_id" },
    { type: "TAX_ID", forms: ["99999999999"], check: checks.abn, score: 0.2, family: "tax_id" },
    { type: "TAX_ID", forms: ["999 999 999", "999999999"], check: checks.tfn, score: 0.25, family: "tax_id" },
    {
      type: "MEDICAL_ID",
      forms: ["9999 99999 9", "9999-99999-9", "9999 99999 9-9", "9999999999"],
      check: checks.australianMedicare,
      score: 0.3,
      family: "medical",
    },
    { type: "ROUTING_NUMBER", forms: ["999-999"], score: 0.1, family: "routing" },
  ],
};

export const india: Locale = {
  name: "in",
  region: "IN",
  labels: {
    ...hindi,
    national_id: [
      "aadhaar",
      "aadhar",
      "aadhaar number",
      "aadhaar no",
      "uid number",
      "adhaar",
      "aadhaar card",
      "aadhar card",
      "epic",
      "epic no",
      "voter id",
      "voter id card",
    ],
    tax_id: ["pan", "pan card", "pan no", "pan number", "gstin", "gst", "gst no", "permanent account number", "gst number"],
  },
  ids: [
    { type: "NATIONAL_ID", forms: ["9999 9999 9999", "9999-9999-9999"], check: checks.aadhaar, score: 0.6, family: "national_id" },
    { type: "NATIONAL_ID", forms: ["999999999999"], check: checks.aadhaar, score: 0.2, family: "national_id" },
    { type: "TAX_ID", forms: ["AAAAA9999A"], check: checks.personalFinancial, score: 0.6, family: "tax_id" },
    { type: "TAX_ID", forms: ["99AAAAA9999AXXX"], score: 0.8, family: "tax_id" },
    { type: "NATIONAL_ID", forms: ["AAA9999999"], score: 0.3, family: "national_id" },
    {
      type: "DRIVER_LICENSE",
      forms: ["AA99 99999999999", "AA-9999999999999", "AA9999999999999", "AA99-99999999999", "AA-99-9999-9999999"],
      score: 0.5,
      family: "licence",
    },
    { type: "ROUTING_NUMBER", forms: ["AAAA0XXXXXX"], score: 0.4, family: "routing" },
    { type: "LICENSE_PLATE", forms: ["AA 99 AA 9999", "AA99AA9999", "AA-99-AA-9999", "AA 99 A 9999"], score: 0.5, family: "plate" },
  ],
};

export const de: Locale = {
  name: "de",
  region: "DE",
  labels: german,
  ids: [
    { type: "NATIONAL_ID", forms: ["99 999 999 999"], check: checks.steuerId, score: 0.7, family: "national_id" },
    { type: "NATIONAL_ID", forms: ["99999999999"], check: checks.steuerId, score: 0.2, family: "national_id" },
    { type: "TAX_ID", forms: ["DE999999999", "DE 999999999", "DE 999 999 999"], check: isGermanVat, score: 0.8, family: "tax_id" },
    { type: "TAX_ID", forms: ["999/999/99999", "99/999/99999", "999/9999/9999"], score: 0.45, family: "tax_id" },
    { type: "SSN", forms: ["99 999999 A 999", "99999999A999", "99 999999 A999"], check: hasBirthDate, score: 0.6, family: "ssn" },
    { type: "MEDICAL_ID", forms: ["A999999999"], check: isKvnr, score: 0.45, family: "medical" },
  ],
};

export const fr: Locale = {
  name: "fr",
  region: "FR",
  labels: french,
  ids: [
    { type: "NATIONAL_ID", forms: ["9 99 99 99 999 999 99", "9 99 99 9A 999 999 99"], check: checks.nir, score: 0.9, family: "ssn" },
    {
      type: "NATIONAL_ID",
      forms: ["999999999999999", "999999A99999999", "9999999999999 99"],
      check: checks.nir,
      score: 0.65,
      family: "ssn",
    },
    { type: "TAX_ID", forms: ["999 999 999 99999", "99999999999999"], check: checks.luhn, score: 0.35, family: "tax_id" },
    { type: "TAX_ID", forms: ["FR99999999999", "FR 99 999999999", "FR 99 999 999 999", "FR99 999 999 999"], score: 0.75, family: "tax_id" },
    { type: "TAX_ID", forms: ["99 99 999 999 999"], score: 0.4, family: "tax_id" },
  ],
};

export const es: Locale = {
  name: "es",
  region: "ES",
  labels: spanish,
  ids: [
    {
      type: "NATIONAL_ID",
      forms: ["99999999A", "99999999-A", "99.999.999-A", "99.999.999A", "99999999 A", "99.999.999 A"],
      check: checks.dni,
      score: 0.7,
      family: "national_id",
    },
    {
      type: "NATIONAL_ID",
      forms: ["A9999999A", "A-9999999-A", "A-9999999A", "A 9999999 A"],
      check: checks.nie,
      score: 0.7,
      family: "national_id",
    },
    { type: "TAX_ID", forms: ["A99999999", "A-99999999", "A9999999A"], check: checks.cif, score: 0.4, family: "tax_id" },
    { type: "SSN", forms: ["99/99999999/99", "99 99999999 99", "99/9999999999", "99 9999999999"], score: 0.4, family: "ssn" },
  ],
};

export const it: Locale = {
  name: "it",
  region: "IT",
  labels: italian,
  ids: [
    {
      type: "NATIONAL_ID",
      forms: ["AAAAAA99A99A999A", "AAA AAA 99A99 A999A", "AAAAAA 99A99 A999A"],
      check: checks.codiceFiscale,
      score: 0.85,
      family: "national_id",
    },
    {
      type: "TAX_ID",
      forms: ["IT99999999999", "IT 99999999999"],
      check: (value) => checks.partitaIva(value.slice(2)),
      score: 0.8,
      family: "tax_id",
    },
    { type: "TAX_ID", forms: ["99999999999"], check: checks.partitaIva, score: 0.2, family: "tax_id" },
    { type: "NATIONAL_ID", forms: ["AA99999AA"], score: 0.3, family: "national_id" },
  ],
};

export const nl: Locale = {
  name: "nl",
  region: "NL",
  labels: dutch,
  ids: [
    {
      type: "NATIONAL_ID",
      forms: ["999999999", "9999.99.999", "9999 99 999", "999.999.999"],
      check: checks.bsn,
      score: 0.25,
      family: "national_id",
    },
    { type: "TAX_ID", forms: ["NL999999999B99", "NL 999999999 B99", "NL999999999 B99"], score: 0.8, family: "tax_id" },
  ],
};

export const br: Locale = {
  name: "br",
  region: "BR",
  labels: portuguese,
  ids: [
    { type: "NATIONAL_ID", forms: ["999.999.999-99"], check: checks.cpf, score: 0.9, family: "national_id" },
    {
      type: "NATIONAL_ID",
      forms: ["99999999999", "999 999 999 99", "999999999-99"],
      check: checks.cpf,
      score: 0.35,
      family: "national_id",
    },
    { type: "TAX_ID", forms: ["99.999.999/9999-99"], check: checks.cnpj, score: 0.9, family: "tax_id" },
    { type: "TAX_ID", forms: ["99999999999999"], check: checks.cnpj, score: 0.35, family: "tax_id" },
    { type: "NATIONAL_ID", forms: ["99.999.999-9", "99.999.999-A"], score: 0.45, family: "national_id" },
    { type: "SSN", forms: ["999.99999.99-9"], score: 0.7, family: "ssn" },
  ],
};

function isItin(digits: string): boolean {
  const group = Number(digits.slice(3, 5));
  return (
    digits.startsWith("9") && ((group >= 50 && group <= 65) || (group >= 70 && group <= 88) || (group >= 90 && group <= 99 && group !== 93))
  );
}

/** Medicare's letters leave out S, L, O, I, B and Z. */
function isMbi(value: string): boolean {
  return !/[SLOIBZ]/.test(value) && value.charAt(0) !== "0";
}

function isDea(value: string): boolean {
  const digits = value.slice(2);
  const odd = Number(digits.charAt(0)) + Number(digits.charAt(2)) + Number(digits.charAt(4));
  const even = Number(digits.charAt(1)) + Number(digits.charAt(3)) + Number(digits.charAt(5));
  return (odd + 2 * even) % 10 === Number(digits.charAt(6));
}

function isNino(value: string): boolean {
  return checks.nino(value) && /[A-D]$/.test(value);
}

/** A driver number of Great Britain has the birth date in it: decade, month (+50 for women), day, year. */
function isBritishLicence(value: string): boolean {
  const month = Number(value.slice(6, 8)) % 50;
  const day = Number(value.slice(8, 10));
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

function isGermanVat(value: string): boolean {
  return checks.mod11_10(value.slice(2));
}

/** German pension insurance numbers: area, birth date, letter, serial. */
function hasBirthDate(value: string): boolean {
  return checks.hasDate(value.slice(2), "dmy");
}

/** German health insurance numbers: letter as two digits, Luhn-like with alternating weights 1 and 2. */
function isKvnr(value: string): boolean {
  const digits = String(value.charCodeAt(0) - 64).padStart(2, "0") + value.slice(1);
  let sum = 0;
  for (let index = 0; index < 10; index++) {
    const product = Number(digits.charAt(index)) * (index % 2 === 0 ? 1 : 2);
    sum += product > 9 ? product - 9 : product;
  }
  return sum % 10 === Number(digits.charAt(10));
}
