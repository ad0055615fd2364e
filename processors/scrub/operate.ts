import type { PiiType } from "./finding.ts";
import { marker } from "./marker.ts";
import type { Operate } from "./sheet.ts";

/** What takes the place of what was found. */
export const OPERATORS = ["marker", "mask", "hmac", "keep_last_4", "drop"] as const;
export type Operator = (typeof OPERATORS)[number];

/** Which operator a type gets: its own, or the one for all others. */
export interface Operators {
  readonly operator: Operator;
  readonly operators: { readonly [type in PiiType]?: Operator | undefined };
}

/** A name for a value of a type; the same value has the same name. */
export type Pseudonym = (type: PiiType, canonical: string) => string;

export function operate({ operator, operators }: Operators, pseudonym: Pseudonym): Operate {
  return (found, type) => {
    switch (operators[type] ?? operator) {
      case "marker":
        return marker(type);
      case "mask":
        return found.replace(/[\p{L}\p{N}]/gu, "*");
      case "hmac":
        return `${type}_${pseudonym(type, canonical(found, type))}`;
      case "keep_last_4":
        return keepLast4(found, type);
      case "drop":
        return "";
    }
  };
}

/** Where a value tells calls apart, it gets a name, so that they stay apart. */
export function operateOnIds(pseudonym: Pseudonym): Operate {
  return operate({ operator: "hmac", operators: {} }, pseudonym);
}

/** Types of which people know the last four characters by heart or from a receipt, and which these do not give away. */
const KNOWN_BY_THEIR_END: ReadonlySet<PiiType> = new Set([
  "PHONE",
  "CREDIT_CARD",
  "IBAN",
  "BANK_ACCOUNT",
  "SSN",
  "NATIONAL_ID",
  "TAX_ID",
  "PASSPORT",
  "DRIVER_LICENSE",
  "MEDICAL_ID",
  "VIN",
  "DEVICE_ID",
  "CRYPTO_ADDRESS",
  "SECRET",
]);

/** Of a text too short for that, nothing: four of six would be most of it. */
function keepLast4(found: string, type: PiiType): string {
  const kept = found.replace(/[^A-Za-z0-9]/g, "");
  return kept.length < 8 || !KNOWN_BY_THEIR_END.has(type) ? marker(type) : marker(type, kept.slice(-4));
}

/** Written otherwise, the same value: so that it has the same pseudonym. */
function canonical(found: string, type: PiiType): string {
  switch (type) {
    case "PERSON":
    case "ADDRESS":
    case "USERNAME":
      return found.normalize("NFC").toLowerCase().replace(/\s+/g, " ").trim();
    case "EMAIL":
      return found.normalize("NFKC").toLowerCase().trim();
    case "PHONE":
      return found.replace(/[^\d+]/g, "").replace(/^00/, "+");
    case "PASSWORD":
    case "SECRET":
    case "PRIVATE_KEY":
    case "CRYPTO_ADDRESS":
      return found.trim();
    default:
      return found
        .normalize("NFKC")
        .toUpperCase()
        .replace(/[^\p{L}\p{N}]/gu, "");
  }
}
