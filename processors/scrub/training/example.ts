/** A stretch of a text; UTF-16 offsets, `end` exclusive. Anything but a name or an address is none of the tagger's business. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly type: string;
}

/** A text with the names and addresses in it. */
export interface Example {
  readonly text: string;
  readonly spans: readonly Span[];
}
