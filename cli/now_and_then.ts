/** Says the first event of each kind at once, and of those that follow one in each interval, with how many there were since the one before. */
export function nowAndThen<Event>(
  everyMs: number,
  kind: (event: Event) => string,
  say: (event: Event, times: number) => void,
  now: () => number = () => performance.now(),
): (event: Event) => void {
  const said = new Map<string, { at: number; times: number }>();
  return (event) => {
    const before = said.get(kind(event)) ?? { at: -Infinity, times: 0 };
    before.times++;
    said.set(kind(event), before);
    if (now() - before.at < everyMs) return;
    say(event, before.times);
    before.at = now();
    before.times = 0;
  };
}
