const LONGEST_LINE = 200;
const MOST_LINES = 20;
const WITHIN_MS = 60_000;

/** Takes pieces of what a module prints and gives whole lines, shortened and not too many of them: the log is not its own. */
export function printer(onLine: (line: string) => void, now: () => number = () => performance.now()): (piece: string) => void {
  let rest = "";
  let since = -Infinity;
  let lines = 0;

  function say(line: string): void {
    if (now() - since > WITHIN_MS) {
      since = now();
      lines = 0;
    }
    if (++lines <= MOST_LINES) onLine(line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line);
    else if (lines === MOST_LINES + 1) onLine("more lines are left out for a minute");
  }

  return (piece) => {
    const [first = "", ...others] = piece.split("\n");
    rest += first.slice(0, LONGEST_LINE + 1 - rest.length);
    for (const each of others) {
      say(rest);
      rest = each.slice(0, LONGEST_LINE + 1);
    }
  };
}
