import { expect, test } from "vitest";
import { unanswered } from "./vanished.ts";

const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const row = (local: string, remote: string, resent: string, probes: number): string =>
  `   7: ${local} ${remote} 01 00000014:00000000 01:00000A2B ${resent}     0        ${probes} 123456 2 0000000000000000 20 4 30 10 -1\n`;

const cases = [
  {
    title: "finds who has not answered for seven times",
    table: row("0100007F:0FA0", "0200D50A:D431", "00000007", 0),
    peers: ["10.213.0.2 54321"],
  },
  {
    title: "finds who answers no probe of its window",
    table: row("0100007F:0FA0", "0200D50A:D431", "00000000", 7),
    peers: ["10.213.0.2 54321"],
  },
  { title: "leaves who was only slow to answer", table: row("0100007F:0FA0", "0200D50A:D431", "00000006", 6), peers: [] },
  { title: "leaves connections to other ports", table: row("0100007F:0FA1", "0200D50A:D431", "0000000A", 0), peers: [] },
  {
    title: "reads addresses of IPv6, also such as are mapped",
    table:
      row("00000000000000000000000001000000:0FA0", "B80D0120000000000000000001000000:D431", "00000009", 0) +
      row("0000000000000000FFFF00000100007F:0FA0", "0000000000000000FFFF00000200D50A:D431", "00000009", 0),
    peers: ["[2001:db8::1] 54321", "[::ffff:ad5:2] 54321"],
  },
];
for (const { title, table, peers } of cases) {
  test(title, () => expect(unanswered(head + table, 4000)).toEqual(peers));
}
