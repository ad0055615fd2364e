/** A credential. Printed, logged or serialised anywhere it reads `[redacted]`; only `reveal()` tells it. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return "[redacted]";
  }

  toJSON(): string {
    return "[redacted]";
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "[redacted]";
  }
}

/** Where a credential is to be found. Configuration holds these, so that a configuration file holds no credential. */
export class SecretReference {
  readonly source: "env" | "file";
  /** Name of the variable, or path of the file. */
  readonly name: string;

  constructor(reference: { readonly env: string } | { readonly file: string }) {
    this.source = "env" in reference ? "env" : "file";
    this.name = "env" in reference ? reference.env : reference.file;
  }
}

/** A parsed setting as components receive it: readonly all the way down, each reference replaced by the secret it names. */
export type Resolved<T> = T extends SecretReference
  ? Secret
  : T extends readonly (infer Element)[]
    ? readonly Resolved<Element>[]
    : T extends object
      ? { readonly [Key in keyof T]: Resolved<T[Key]> }
      : T;
