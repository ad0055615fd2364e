import fc from "fast-check";
import { expect, test } from "vitest";
import { KIND, recordHead, RECORD_HEAD } from "./record.ts";
import { scanRecords } from "./scan.ts";

const framed = (texts: readonly string[]): Buffer[] =>
  texts.map((text, i) => Buffer.concat([recordHead(i + 1, KIND.end, [Buffer.from(text)]), Buffer.from(text)]));
const texts = fc.array(fc.string({ maxLength: 60 }), { minLength: 2, maxLength: 12 });
const read = (bytes: Buffer, final = true) => {
  const { records, damage, consumed } = scanRecords(bytes, 1, final);
  return { read: records.map(({ payload }) => payload.toString()), damage, consumed };
};

test("reads what was framed", () => {
  fc.assert(
    fc.property(texts, (all) => {
      expect(read(Buffer.concat(framed(all))).read).toEqual(all);
    }),
  );
});

test("a flipped bit costs the record it is in, and is told", () => {
  fc.assert(
    fc.property(texts, fc.nat(), fc.nat({ max: 7 }), (all, place, bit) => {
      const frames = framed(all);
      const bytes = Buffer.concat(frames);
      const at = place % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
      let end = 0;
      const hit = frames.findIndex(({ length }) => at < (end += length));
      const found = read(bytes);
      expect(found.read).toEqual(all.filter((_, i) => i !== hit));
      expect(found.damage).toHaveLength(1);
    }),
    { numRuns: 2000 },
  );
});

test("a tail cut at any byte costs the last record only", () => {
  const all = ["first", "second", "third"];
  const bytes = Buffer.concat(framed(all));
  const last = bytes.length - (RECORD_HEAD + 5);
  for (let cut = last + 1; cut < bytes.length; cut++) {
    expect(read(bytes.subarray(0, cut))).toMatchObject({ read: ["first", "second"], damage: [{ offset: last, length: cut - last }] });
    expect(read(bytes.subarray(0, cut), false)).toEqual({ read: ["first", "second"], damage: [], consumed: last });
  }
});

test("zeros at the end are an end, rubbish is damage", () => {
  const bytes = Buffer.concat(framed(["one", "two"]));
  expect(read(Buffer.concat([bytes, Buffer.alloc(4096)]))).toMatchObject({ read: ["one", "two"], damage: [] });
  expect(read(Buffer.concat([bytes, Buffer.from("rubbish at the end of it")]))).toMatchObject({
    read: ["one", "two"],
    damage: [{ offset: bytes.length, length: 24 }],
  });
});

test("a length that claims too much hides nothing once the segment is over", () => {
  const bytes = Buffer.concat(framed(["one", "two", "three"]));
  bytes.writeUInt32LE(0x7fff_ffff, RECORD_HEAD + 3);
  expect(read(bytes).read).toEqual(["one", "three"]);
  expect(read(bytes, false).read).toEqual(["one"]);
});
