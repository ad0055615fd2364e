import { au, br, ca, de, es, fr, india, it, nl, uk, us } from "./core.ts";
import type { Locale } from "./locale.ts";
import { ar, at, be, ch, cl, cn, dk, fi, ie, il, jp, kr, mx, no, pl, pt, se, sg, tr, za } from "./more.ts";

export const CORE: readonly Locale[] = [us, uk, ca, au, india, de, fr, es, it, nl, br];
export const LOCALES: readonly Locale[] = [...CORE, pl, se, ch, be, sg, za, tr, kr, cn, jp, fi, dk, no, mx, cl, ar, pt, ie, il, at];
export const LOCALE_NAMES: readonly string[] = LOCALES.map((locale) => locale.name);
