/** What fails for a while, each said once until it fails otherwise or has gone well: it is tried again many times a minute. */
export interface Trouble {
  say(what: string, error: unknown): void;
  over(what: string): void;
  readonly any: boolean;
}

export function trouble(onError: (message: string, facts: object) => void): Trouble {
  const said = new Map<string, string>();
  return {
    say(what, error) {
      const text = String(error);
      if (said.get(what) === text) return;
      said.set(what, text);
      onError(what, { error: text });
    },
    over(what) {
      said.delete(what);
    },
    get any() {
      return said.size > 0;
    },
  };
}
