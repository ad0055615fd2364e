import { expect, test } from "vitest";
import { caFile } from "./ca_file.ts";

const file = (name: string): string => new URL(`../testing/tls/${name}`, import.meta.url).pathname;

const cases = [
  { title: "certificates in PEM", path: file("ca.pem"), says: undefined },
  { title: "no such file", path: file("nothing.pem"), says: /^cannot read .*nothing\.pem: ENOENT$/ },
  { title: "a folder", path: file(""), says: /: EISDIR$/ },
  { title: "a key in place of a certificate", path: file("server.key"), says: /server\.key holds no certificate$/ },
];
for (const { title, path, says } of cases) {
  test(`${says === undefined ? "takes" : "refuses"} ${title}`, () => {
    const [issue] = caFile.safeParse(path).error?.issues ?? [];
    if (says === undefined) expect(issue).toBeUndefined();
    else expect(issue?.message).toMatch(says);
  });
}
