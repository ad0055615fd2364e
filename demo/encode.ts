import { createBrotliCompress, createDeflate, createGzip, createZstdCompress } from "node:zlib";

const ENCODINGS = { zstd: createZstdCompress, br: createBrotliCompress, gzip: createGzip, deflate: createDeflate } as const;
export type Encoding = keyof typeof ENCODINGS;

/** The encoding a client likes best; undefined for plain bytes. Among equals the client's order counts. */
export function encodingFor(acceptEncoding: string): Encoding | undefined {
  const wished = acceptEncoding.split(",").map((entry) => {
    const [name = "", ...parameters] = entry.split(";").map((part) => part.trim().toLowerCase());
    const weight = parameters.find((each) => each.startsWith("q="))?.slice(2);
    return { name, weight: weight === undefined ? 1 : Number(weight) };
  });
  const liked = wished.filter(({ weight }) => weight > 0).sort((one, other) => other.weight - one.weight);
  for (const { name } of liked) {
    if (name === "identity") return undefined;
    if (Object.hasOwn(ENCODINGS, name)) return name as Encoding;
  }
  return undefined;
}

/** Turns pieces of a body into bytes for the wire; what went in can be read by the client at once. */
export interface Encoder {
  add(piece: string): Promise<Buffer>;
  end(): Promise<Buffer>;
}

export function encoder(encoding: Encoding | undefined): Encoder {
  if (encoding === undefined) return { add: async (piece) => Buffer.from(piece), end: async () => Buffer.alloc(0) };
  const compressor = ENCODINGS[encoding]();
  let ready: Buffer[] = [];
  compressor.on("data", (bytes: Buffer) => ready.push(bytes));
  const take = (): Buffer => {
    const bytes = Buffer.concat(ready);
    ready = [];
    return bytes;
  };
  return {
    async add(piece) {
      compressor.write(piece);
      await new Promise<void>((resolve) => compressor.flush(resolve));
      return take();
    },
    async end() {
      const ended = new Promise<void>((resolve) => compressor.once("end", resolve));
      compressor.end();
      await ended;
      return take();
    },
  };
}
