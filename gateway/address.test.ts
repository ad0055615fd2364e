import { expect, test } from "vitest";
import { isLoopback, isMetadata } from "./address.ts";

const metadata = [
  "http://169.254.169.254/latest",
  "http://169.254.170.2/v2/credentials",
  "http://100.100.100.200",
  "http://168.63.129.16",
  "http://[fd00:ec2::254]",
  "http://metadata.google.internal",
  "http://METADATA.google.internal.",
  "http://kubernetes.default.svc",
  "http://kubernetes.default.svc.cluster.local",
  "http://0xa9fea9fe",
  "http://2852039166",
  "http://0251.0376.0251.0376",
  "http://169.254.43518",
  "http://①⑥⑨.②⑤④.①⑥⑨.②⑤④",
  "http://%31%36%39.254.169.254",
  "http://[::ffff:169.254.169.254]",
  "http://[::ffff:a9fe:a9fe]",
  "http://[::169.254.169.254]",
  "http://[64:ff9b::a9fe:a9fe]",
  "http://[64:ff9b:1::a9fe:a9fe]",
  "http://[2002:a9fe:a9fe::1]",
  "http://[2002:6464:64c8::]",
];
for (const url of metadata) {
  test(`knows ${url} as a metadata service`, () => {
    expect(isMetadata(new URL(url).hostname)).toBe(true);
  });
}

const ordinary = [
  "https://api.openai.com",
  "http://127.0.0.1:8000",
  "http://[::1]:8000",
  "http://100.100.100.201",
  "http://169.253.1.1",
  "http://[2002:6464:64c9::]",
  "http://notmetadata.google.internal",
];
for (const url of ordinary) {
  test(`does not take ${url} for a metadata service`, () => {
    expect(isMetadata(new URL(url).hostname)).toBe(false);
  });
}

const hosts = [
  { host: "127.0.0.1", loopback: true },
  { host: "127.8.8.8", loopback: true },
  { host: "::1", loopback: true },
  { host: "[::1]", loopback: true },
  { host: "::ffff:127.0.0.1", loopback: true },
  { host: "localhost", loopback: true },
  { host: "LOCALHOST.", loopback: true },
  { host: "0.0.0.0", loopback: false },
  { host: "::", loopback: false },
  { host: "10.0.0.1", loopback: false },
  { host: "localhost.example.com", loopback: false },
];
for (const { host, loopback } of hosts) {
  test(`${host} is ${loopback ? "" : "not "}loopback`, () => {
    expect(isLoopback(host)).toBe(loopback);
  });
}
