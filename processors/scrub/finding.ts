/** What the detector tells apart. The names appear in markers, counts and settings. */
export const TYPES = [
  "PERSON",
  "ADDRESS",
  "EMAIL",
  "PHONE",
  "USERNAME",
  "DATE_OF_BIRTH",
  "CREDIT_CARD",
  "IBAN",
  "SWIFT_BIC",
  "BANK_ACCOUNT",
  "ROUTING_NUMBER",
  "SSN",
  "NATIONAL_ID",
  "TAX_ID",
  "PASSPORT",
  "DRIVER_LICENSE",
  "MEDICAL_ID",
  "LICENSE_PLATE",
  "VIN",
  "IP_ADDRESS",
  "MAC_ADDRESS",
  "DEVICE_ID",
  "GEO",
  "CRYPTO_ADDRESS",
  "PASSWORD",
  "SECRET",
  "PRIVATE_KEY",
] as const;
export type PiiType = (typeof TYPES)[number];

/** A stretch of a text; UTF-16 offsets, `end` exclusive. */
export interface Finding {
  readonly start: number;
  readonly end: number;
  readonly type: PiiType;
}
