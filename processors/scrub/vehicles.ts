import { FAMILY } from "./families.ts";
import { vin } from "./checks.ts";
import type { Sweep } from "./sweep.ts";

/** A vehicle identification number: 17 characters without I, O and Q; its check digit or its label makes it sure. */
export function vehicle(sweep: Sweep, start: number, end: number): boolean {
  const value = sweep.text.slice(start, end).toUpperCase();
  if (!/^[A-HJ-NPR-Z0-9]{17}$/.test(value) || /^\d+$/.test(value) || !/[A-Z]/.test(value)) return false;
  const labelled = sweep.near(FAMILY.vin, start);
  if (!labelled && (!vin(value) || sweep.text.slice(start, end) !== value || sweep.said(FAMILY.other) > start - 24)) return false;
  sweep.take("VIN", start, end, labelled ? 0.95 : 0.7);
  return true;
}
