/** How many tokens a text is; linear in its length, whatever the text. */
export type CountText = (text: string) => number;

/**
 * The tokenizer merges pieces of a text one by one, in time quadratic to the longest piece: a run of letters, of spaces or of signs. Prose
 * has short ones, `aaaa…` and a page without spaces do not. So longer runs are cut, which costs a token per cut at most.
 */
const LONGEST_RUN = 64;
const LONG_RUN = new RegExp(
  [String.raw`[\p{L}\p{M}]`, String.raw`\s`, String.raw`[^\s\p{L}\p{N}]`, String.raw`[\r\n/]`]
    .map((run) => `${run}{${LONGEST_RUN}}`)
    .join("|"),
  "gu",
);

/** The tokenizer slows down on a long text with certain runs all the same, so it gets texts in blocks. */
const BLOCK = 4096;

/** What looks like a special token in somebody's text is text. */
const PLAIN = { allowedSpecial: new Set<string>(), disallowedSpecial: new Set<string>() };

/** The tokenizer would remember pieces. Its memory gains prose nothing, and once it is full a lookup takes ten times as long as counting anew. */
const REMEMBERED = 0;

interface Encoding {
  readonly countTokens: (text: string, options: typeof PLAIN) => number;
  readonly setMergeCacheSize: (pieces: number) => void;
}

/** By the beginning of a model's name; the newer encoding for all that are not older. */
const ENCODINGS: readonly (readonly [models: RegExp, load: () => Promise<Encoding>])[] = [
  [
    /^(gpt-4(?![o.])|gpt-3\.5|gpt-35|text-embedding-|babbage-002|davinci-002)/,
    async () => await import("gpt-tokenizer/encoding/cl100k_base"),
  ],
  [/^(text-davinci-00[23]|code-davinci|code-cushman)/, async () => await import("gpt-tokenizer/encoding/p50k_base")],
  [/^/, async () => await import("gpt-tokenizer/encoding/o200k_base")],
];

/** Loads the ranks of an encoding when a text is first to be counted with it: that takes a fifth of a second and tens of megabytes. */
export async function tokenizer(model: string): Promise<CountText> {
  const load = ENCODINGS.find(([models]) => models.test(model))?.[1];
  if (load === undefined) throw new Error("the last encoding is for every model");
  const { countTokens, setMergeCacheSize } = await load();
  setMergeCacheSize(REMEMBERED);
  return (text) => {
    let sum = 0;
    for (const block of blocks(text)) for (const piece of pieces(block)) sum += countTokens(piece, PLAIN);
    return sum;
  };
}

/** Cut before a space where there is one: there the tokenizer cuts as well. */
function* blocks(text: string): Generator<string> {
  let start = 0;
  while (text.length - start > BLOCK) {
    const block = text.slice(start, start + BLOCK);
    const space = block.lastIndexOf(" ");
    const end = space > 0 ? space : BLOCK;
    yield block.slice(0, end);
    start += end;
  }
  yield text.slice(start);
}

function* pieces(block: string): Generator<string> {
  let start = 0;
  if (block.length > LONGEST_RUN) {
    for (const { index, 0: run } of block.matchAll(LONG_RUN)) {
      yield block.slice(start, index + run.length);
      start = index + run.length;
    }
  }
  yield block.slice(start);
}
