import { isDigit } from "./characters.ts";
import type { Sweep } from "./sweep.ts";

/** UUIDs, ISO times and digests: what begins with this run is nobody's, and nothing inside it is looked at. */
export function skipKnown(sweep: Sweep, start: number, end: number): boolean {
  const { text } = sweep;
  const length = end - start;
  const after = text.charCodeAt(end);
  if (after === 45) {
    if (length === 8) {
      UUID.lastIndex = start;
      if (UUID.test(text)) return skipTo(sweep, UUID.lastIndex);
    }
    if (length === 4 && isDigit(text, start)) {
      TIME.lastIndex = start;
      if (TIME.test(text)) return skipTo(sweep, TIME.lastIndex);
    }
    if (length === 6 || length === 7) {
      INTEGRITY.lastIndex = start;
      if (INTEGRITY.test(text)) return skipTo(sweep, INTEGRITY.lastIndex);
    }
  }
  return length > 34 && /^(?:[0-9a-f]{32,128})$/.test(text.slice(start, end)) ? skipTo(sweep, end) : false;
}

function skipTo(sweep: Sweep, end: number): boolean {
  sweep.resume = end;
  return true;
}

export const UUID = /[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}(?!\w)/y;
/** A date and a time of day; a date alone may be a birth date, which its label takes first. */
export const TIME =
  /(?:19|20)\d\d-[01]\d-[0-3]\d(?:[T ][0-2]\d:[0-5]\d(?::[0-5]\d)?(?:[.,]\d{1,9})?(?:Z|[+-][0-2]\d:?[0-5]\d)?)?(?![\w-])/y;
/** Subresource integrity: `sha512-` and base64. */
export const INTEGRITY = /sha(?:256|384|512)-[A-Za-z0-9+/]{1,4096}={0,2}/y;
