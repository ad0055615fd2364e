import { randomBytes } from "node:crypto";
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aRecorded, cutInto } from "../testing/recorded.ts";
import { decode } from "./decode.ts";

const LIMIT = 8 * 1024 * 1024;
const MIB = 1024 * 1024;

const codings = [
  { coding: "gzip", compress: gzipSync },
  { coding: "X-GZip", compress: gzipSync },
  { coding: "deflate", compress: deflateSync },
  { coding: "deflate", compress: deflateRawSync },
  { coding: "br", compress: brotliCompressSync },
  { coding: "zstd", compress: zstdCompressSync },
  { coding: "gzip, br", compress: (bytes: Buffer) => brotliCompressSync(gzipSync(bytes)) },
];

const TEXT = Buffer.from(JSON.stringify({ id: "chatcmpl-1", text: randomBytes(20_000).toString("base64") }));

function replied(coding: string, bytes: Buffer, cuts: readonly number[] = []) {
  const headers = [
    ["content-type", "application/json"],
    ["content-encoding", coding],
  ] as const;
  return aRecorded({ response: bytes, cuts, closed: { headers } });
}

const bodyOf = ({ response }: ReturnType<typeof decode>) => Buffer.concat(response.map(({ bytes }) => bytes));

describe("a compressed reply", () => {
  for (const { coding, compress } of codings) {
    test(`is read in ${coding} by ${compress.name || "both"}, whole or in chunks`, () => {
      const compressed = compress(TEXT);
      expect(bodyOf(decode(replied(coding, compressed), LIMIT))).toEqual(TEXT);
      expect(bodyOf(decode(replied(coding, compressed, [1, 10, 1000, 1, 1, 3000]), LIMIT))).toEqual(TEXT);
    });

    test(`that broke off keeps what came, in ${coding} by ${compress.name || "both"}`, () => {
      const long = Buffer.from(randomBytes(600_000).toString("hex"));
      const compressed = compress(long);
      const cut = bodyOf(decode(replied(coding, compressed.subarray(0, compressed.length * 0.9)), LIMIT));
      expect(cut.length).toBeGreaterThan(long.length / 2);
      expect(cut.equals(long.subarray(0, cut.length))).toBe(true);
    });
  }

  test("is as it was, with no content coding left to undo", () => {
    const decoded = decode(replied("gzip", gzipSync(TEXT)), LIMIT);
    expect(decoded.closed.headers).toEqual([["content-type", "application/json"]]);
    expect(decoded.closed.responseTruncated).toBeUndefined();
    expect(decode(decoded, LIMIT)).toBe(decoded);
  });

  test("keeps the time of its first chunk, and dates nothing before it came", () => {
    const parts = Array.from({ length: 20 }, (_, i) => Buffer.from(`data: {"i":${i}}\n\n`));
    const compressed = parts.map((part) => gzipSync(part));
    const sizes = compressed.map(({ length }) => length);
    const { response } = decode(replied("gzip", Buffer.concat(compressed), sizes), LIMIT);
    const upTo = (count: number) => Buffer.concat(parts.slice(0, count)).length;
    let length = 0;
    const read = response.map(({ atUs, bytes }) => ({ atUs, length: (length += bytes.length) }));
    expect(read).toEqual([1, 2, 4, 8, 16, 20].map((count) => ({ atUs: (count + 1) * 1000, length: upTo(count) })));
  });

  test("in a coding nobody knows is empty and says so", () => {
    const decoded = decode(replied("gzip, snappy", Buffer.from("????")), LIMIT);
    expect(decoded).toMatchObject({ response: [], unreadable: { response: "gzip, snappy" } });
  });

  test("that is broken in the middle stops there and is marked", () => {
    const compressed = Buffer.from(gzipSync(TEXT));
    compressed.fill(0xff, 10_000, 10_200);
    const decoded = decode(replied("gzip", compressed), LIMIT);
    const body = bodyOf(decoded);
    expect(decoded.closed.responseTruncated).toBe(true);
    expect(body.length).toBeGreaterThan(1000);
    expect(TEXT.subarray(0, 1000).equals(body.subarray(0, 1000))).toBe(true);
  });

  test("that is not compressed at all is left alone", () => {
    const recorded = aRecorded({ response: TEXT });
    expect(decode(recorded, LIMIT)).toBe(recorded);
    expect(bodyOf(decode(replied("identity", TEXT), LIMIT))).toEqual(TEXT);
  });

  test("stops at the limit, and keeps nearly all below it", () => {
    const decoded = decode(replied("gzip", gzipSync(randomBytes(200_000))), 100_000);
    const { length } = bodyOf(decoded);
    expect(decoded.closed.responseTruncated).toBe(true);
    expect(length).toBeLessThanOrEqual(100_000);
    expect(length).toBeGreaterThan(90_000);
  });
});

describe("a bomb", () => {
  const bombs = [
    { coding: "gzip", bytes: gzipSync(Buffer.alloc(50 * MIB)) },
    { coding: "br", bytes: brotliCompressSync(Buffer.alloc(50 * MIB), { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }) },
    { coding: "zstd", bytes: zstdCompressSync(Buffer.alloc(50 * MIB)) },
    { coding: "gzip, gzip", bytes: gzipSync(gzipSync(Buffer.alloc(50 * MIB))) },
  ];
  for (const { coding, bytes } of bombs) {
    test(`in ${coding} does not go off`, () => {
      const before = process.memoryUsage().arrayBuffers;
      const decoded = decode(replied(coding, bytes, [10, 20, 30]), MIB);
      expect(bodyOf(decoded).length).toBeLessThanOrEqual(MIB);
      expect(decoded.closed.responseTruncated).toBe(true);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(40 * MIB);
    });
  }

  test("of codings upon codings is not touched", () => {
    expect(decode(replied("gzip, gzip, gzip, gzip", gzipSync("x")), MIB).unreadable).toEqual({ response: "gzip, gzip, gzip, gzip" });
  });
});

test("a compressed request is read too", () => {
  const recorded = aRecorded({ request: zstdCompressSync('{"model":"gpt-4o"}'), opened: { headers: [["content-encoding", "zstd"]] } });
  expect(decode(recorded, LIMIT).request.toString()).toBe('{"model":"gpt-4o"}');
});

test("no bytes make it throw or exceed the limit", () => {
  const coding = fc.constantFrom("gzip", "deflate", "br", "zstd", "gzip, zstd", "compress", ",,");
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each)),
    fc
      .tuple(fc.constantFrom(...codings.map(({ compress }) => compress)), fc.nat(400), fc.nat(400), fc.nat(255))
      .map(([compress, length, at, value]) => {
        const compressed = Buffer.from(compress(randomBytes(length)));
        compressed[at % compressed.length] = value;
        return compressed;
      }),
  );
  fc.assert(
    fc.property(coding, bytes, fc.array(fc.nat(50), { maxLength: 10 }), (coding, bytes, cuts) => {
      const recorded = {
        ...replied(coding, bytes),
        response: cutInto(
          bytes,
          cuts.map((size) => size + 1),
        ),
      };
      expect(bodyOf(decode(recorded, 200)).length).toBeLessThanOrEqual(coding === ",," ? bytes.length : 200);
    }),
  );
});
