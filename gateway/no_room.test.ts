import { expect, test } from "vitest";
import { DISK, type Files } from "../journal/files.ts";
import type { Room } from "../journal/room.ts";
import { startDataPlane } from "../testing/data_plane.ts";
import { eventually } from "../testing/eventually.ts";
import { ledgerClient } from "../testing/ledger.ts";
import { scriptedUpstream } from "../testing/scripted_upstream.ts";

const stream = (id: string) => ({ id, stream: true, words: 5, everyMs: 0 });

/** The real disk, until it is told to take nothing. */
function fillingDisk(): { readonly files: Files; full: boolean } {
  const disk = {
    full: false,
    files: {
      ...DISK,
      async create(path: string) {
        if (disk.full) throw Object.assign(new Error(`ENOSPC: open '${path}'`), { code: "ENOSPC" });
        const file = await DISK.create(path);
        return {
          ...file,
          write: (buffers: readonly Buffer[]) =>
            disk.full ? Promise.reject(Object.assign(new Error("ENOSPC: write"), { code: "ENOSPC" })) : file.write(buffers),
        };
      },
    },
  };
  return disk;
}

test("where room is scarce, calls are recorded without content, which is counted", async () => {
  await using upstream = await scriptedUpstream();
  let room: Room = "scarce";
  await using plane = await startDataPlane({ upstreams: { up: upstream.url }, room: () => room });
  using client = ledgerClient(() => plane.url);
  await client.call(stream("scarce"));
  room = "enough";
  await client.call(stream("enough"));
  expect(client.ledger.map(({ ending }) => ending)).toEqual(["completed", "completed"]);
  const [scarce, enough] = await plane.ended();
  expect([scarce?.request.length, scarce?.response.length]).toEqual([0, 0]);
  expect(scarce?.closed).toMatchObject({ ending: "completed", status: 200, requestTruncated: true, responseTruncated: true });
  expect(scarce?.closed?.responseBytes).toBe(client.ledger[0]?.bytes);
  expect(enough?.response.length).toBe(client.ledger[1]?.bytes);
  expect(plane.counts.dropped).toEqual({ content_quota: 1 });
});

test("where there is none, calls go on and are counted", async () => {
  await using upstream = await scriptedUpstream();
  await using plane = await startDataPlane({ upstreams: { up: upstream.url }, room: () => "none" });
  using client = ledgerClient(() => plane.url);
  for (const id of ["a", "b"]) await client.call(stream(id));
  expect(client.ledger.map(({ ending }) => ending)).toEqual(["completed", "completed"]);
  expect(plane.counts).toMatchObject({ begun: 2, completed: 2, dropped: { journal_full: 2 } });
  expect(await plane.entries()).toEqual([]);
});

test("calls that must be recorded are refused while there is no room, and nothing is sent upstream", async () => {
  await using upstream = await scriptedUpstream();
  let room: Room = "none";
  await using plane = await startDataPlane({ upstreams: { up: upstream.url }, audit: "required", room: () => room });
  using client = ledgerClient(() => plane.url);
  const refused = await client.call(stream("refused"));
  expect([refused.ending, refused.status]).toEqual(["refused", 503]);
  expect(refused.said).toContain("audit_unavailable");
  expect(upstream.log).toEqual([]);
  room = "scarce";
  expect((await client.call(stream("relayed"))).ending).toBe("completed");
});

test("a client whose calls need not be recorded is served beside one whose must", async () => {
  await using upstream = await scriptedUpstream();
  const clients = [
    { name: "careful", token: "token-careful", audit: "required" as const },
    { name: "easy", token: "token-easy" },
  ];
  await using plane = await startDataPlane({ upstreams: { up: upstream.url }, clients, room: () => "none" });
  const ask = async (key: string): Promise<number> => {
    const reply = await fetch(`${plane.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "x-spangate-key": key, "content-type": "application/json", "x-script": JSON.stringify(stream(key)) },
      body: "{}",
    });
    await reply.text();
    return reply.status;
  };
  expect([await ask("token-careful"), await ask("token-easy")]).toEqual([503, 200]);
});

test("while the disk takes nothing records wait in memory, replies do not, and all are there once it has space again", async () => {
  await using upstream = await scriptedUpstream();
  const disk = fillingDisk();
  await using plane = await startDataPlane({ upstreams: { up: upstream.url }, files: disk.files, durability: "strict" });
  using client = ledgerClient(() => plane.url);
  await client.call(stream("before"));
  disk.full = true;
  const since = performance.now();
  for (const id of ["one", "two", "three"]) await client.call(stream(id));
  expect(performance.now() - since).toBeLessThan(2000);
  expect(await plane.entries()).toHaveLength(1);
  disk.full = false;
  const freed = performance.now();
  const entries = await eventually(plane.entries, ({ length }) => length === 4);
  expect(performance.now() - freed).toBeLessThan(2000);
  expect(entries.map(({ closed }) => closed?.ending)).toEqual(Array(4).fill("completed"));
  expect(client.ledger.map(({ ending }) => ending)).toEqual(Array(4).fill("completed"));
  expect(plane.errors.map(String).filter((text) => !text.includes("ENOSPC"))).toEqual([]);
  expect(plane.counts.dropped).toEqual({});
});

test("what must be recorded is refused as soon as the disk is known to fail, and served again when it does not", async () => {
  await using upstream = await scriptedUpstream();
  const disk = fillingDisk();
  await using plane = await startDataPlane({ upstreams: { up: upstream.url }, files: disk.files, durability: "strict", audit: "required" });
  using client = ledgerClient(() => plane.url);
  await client.call(stream("before"));
  disk.full = true;
  await client.call(stream("during")); // it finds out
  expect((await client.call(stream("refused"))).status).toBe(503);
  disk.full = false;
  await eventually(
    async () => (await client.call(stream(`after-${client.ledger.length}`))).ending,
    (ending) => ending === "completed",
  );
});
