/** What was thrown and where, without its message, which may quote what people wrote: `TypeError at redact.ts:12:7`. */
export function thrown(error: unknown): string {
  if (!(error instanceof Error)) return "something that is no error";
  const name = /^\w{1,50}$/.test(error.name) ? error.name : "Error";
  const [, place] = /^ {4}at .*?([^/\\\s()]{1,100}:\d+:\d+)\)?$/m.exec(error.stack ?? "") ?? [];
  return place === undefined ? name : `${name} at ${place}`;
}
