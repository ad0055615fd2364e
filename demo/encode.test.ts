import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { expect, test } from "vitest";
import { encoder, encodingFor } from "./encode.ts";

const wishes = [
  { accept: "", encoding: undefined },
  { accept: "gzip, deflate", encoding: "gzip" },
  { accept: "deflate;q=0.5, br", encoding: "br" },
  { accept: "gzip;q=0, zstd", encoding: "zstd" },
  { accept: "identity, gzip;q=0.5", encoding: undefined },
  { accept: "compress, *", encoding: undefined },
];
for (const { accept, encoding } of wishes) {
  test(`answers accept-encoding "${accept}" with ${encoding ?? "plain bytes"}`, () => expect(encodingFor(accept)).toBe(encoding));
}

const decoders = {
  gzip: promisify(zlib.gunzip),
  br: promisify(zlib.brotliDecompress),
  deflate: promisify(zlib.inflate),
  zstd: promisify(zlib.zstdDecompress),
} as const;
for (const name of ["gzip", "br", "deflate", "zstd"] as const) {
  test(`encodes as ${name}, each piece readable at once`, async () => {
    const encode = encoder(name);
    const [first, second, end] = [await encode.add("one "), await encode.add("two".repeat(100_000)), await encode.end()];
    expect(first.length).toBeGreaterThan(0);
    expect((await decoders[name](Buffer.concat([first, second, end]))).toString()).toBe(`one ${"two".repeat(100_000)}`);
  });
}
