import { join } from "node:path";
import { encodePiece } from "../genai/piece.ts";
import { journal } from "../journal/append.ts";
import { KIND } from "../journal/record.ts";
import { loadOrCreateKey } from "../journal/seal.ts";
import { closedAs, openedAs } from "./lane.ts";

export interface BacklogOptions {
  readonly dataDir: string;
  readonly records: number;
  /** Of the bodies of each; 1,500 with what else there is make 2 GiB of a million. */
  readonly bodyBytes?: number;
  readonly lane?: string;
}

const GROUP_RECORDS = 200;

/** Writes a closed lane of whole exchanges, sealed, as a gateway leaves them while no pipeline runs. Returns its bytes of bodies. */
export async function backlog({ dataDir, records, bodyBytes = 1500, lane = "backlog" }: BacklogOptions): Promise<number> {
  const master = loadOrCreateKey(join(dataDir, "keys", "intake.key"));
  const folder = join(dataDir, "journal", "intake", lane);
  await using writer = await journal({ folder, first: 1, segmentBytes: 64 * 1024 * 1024, master });
  const request = Buffer.from(JSON.stringify({ model: "m", messages: [{ role: "user", content: "q".repeat(bodyBytes / 2) }] }));
  const answer = {
    id: "r",
    model: "m",
    choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "a".repeat(bodyBytes / 2) } }],
  };
  const response = [{ atUs: 10, bytes: Buffer.from(JSON.stringify(answer)) }];
  const closed = closedAs({ headers: [["content-type", "application/json"]] });
  for (let i = 0; i < records; i++) {
    const exchangeId = `backlog-${i}`;
    writer.append(KIND.end, encodePiece({ exchangeId, opened: openedAs(exchangeId), closed, request: [request], response }));
    if (i % GROUP_RECORDS === 0) await writer.written();
  }
  return records * (request.length + (response[0]?.bytes.length ?? 0));
}
