/** A text without its disguises, and where each of its characters came from. */
export interface Unmasked {
  readonly text: string;
  /** By index in the text: the index in the original; one more for the end. */
  readonly origins: Int32Array;
}

/**
 * Full-width and other digits and letters as ASCII, typographic hyphens and spaces as plain ones, zero-width characters and soft hyphens gone (an en dash stays: it parts the ends of a range),
 * `%40` and `%2B` as `@` and `+`, `[.]` as a dot: what a reader sees.
 */
export function unmask(original: string): Unmasked {
  const origins = new Int32Array(original.length + 1);
  const parts: string[] = [];
  let length = 0;
  let copied = 0;
  const put = (upTo: number, symbol: string, next: number): void => {
    for (let index = copied; index < upTo; index++) origins[length++] = index;
    parts.push(original.slice(copied, upTo), symbol);
    if (symbol !== "") origins[length++] = upTo;
    copied = next;
  };
  for (let index = 0; index < original.length; index++) {
    const code = original.charCodeAt(index);
    if (code === 37) {
      const symbol = ESCAPED[original.slice(index + 1, index + 3).toUpperCase()];
      if (symbol !== undefined) put(index, symbol, index + 3);
    } else if (code === 91 && original.charCodeAt(index + 2) === 93) {
      const symbol = original.charAt(index + 1);
      if (symbol === "." || symbol === "@") put(index, symbol, index + 3);
    } else if (code >= 0xa0) {
      const symbol = seen(code);
      if (symbol !== undefined) put(index, symbol, index + 1);
    }
  }
  put(original.length, "", original.length);
  origins[length] = original.length;
  return { text: parts.join(""), origins };
}

const ESCAPED: Readonly<Record<string, string>> = { "40": "@", "2B": "+" };

/** What the character looks like; undefined when it is itself. */
function seen(code: number): string | undefined {
  if (code === 0xa0 || code === 0x202f || code === 0x2007 || (code >= 0x2000 && code <= 0x200a)) return " ";
  if (code === 0xad || (code >= 0x200b && code <= 0x200f) || (code >= 0x2060 && code <= 0x2064) || code === 0xfeff) return "";
  if ((code >= 0x2010 && code <= 0x2012) || code === 0x2212) return "-";
  if (code >= 0xff01 && code <= 0xff5e) return String.fromCharCode(code - 0xfee0);
  if (code >= 0x660 && code <= 0x669) return String.fromCharCode(code - 0x660 + 48);
  return code >= 0x966 && code <= 0x96f ? String.fromCharCode(code - 0x966 + 48) : undefined;
}
