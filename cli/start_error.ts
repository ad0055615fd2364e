/** A start that cannot be; its message is for whoever started it. Exit codes: 2 bad configuration or usage, 3 port or data folder in use. */
export class StartError extends Error {
  override readonly name = "StartError";
  readonly exitCode: number;

  constructor(exitCode: 1 | 2 | 3, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}
