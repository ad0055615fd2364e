import { BlockList, isIP, isIPv4, isIPv6 } from "node:net";

/** Where clouds hand credentials to whoever asks from inside. 169.254/16 also holds the container services' 169.254.170.2 and .23. */
const METADATA_V4 = ["169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32"];
const METADATA_V6 = ["fd00:ec2::/32"];
const METADATA_NAMES = ["metadata.google.internal", "metadata.goog", "kubernetes.default.svc"];

const metadata = blockList([...METADATA_V4.flatMap((each) => [each, ...embeddings(each)]), ...METADATA_V6]);
const loopback = blockList(["127.0.0.0/8", "::1/128"]);

/**
 * Whether a host, as `URL#hostname` spells it or as a resolver answers, is a metadata service of a cloud.
 * URL parsing has already turned `0xa9fea9fe` and the like into dotted decimals; IPv6 forms that carry an IPv4 address are read here.
 */
export function isMetadata(host: string): boolean {
  const name = bare(host);
  if (isIP(name)) return contains(metadata, name);
  return METADATA_NAMES.some((each) => name === each || name.startsWith(`${each}.`) || name.endsWith(`.${each}`));
}

export function isLoopback(host: string): boolean {
  const name = bare(host);
  return isIP(name) ? contains(loopback, name) : name === "localhost" || name.endsWith(".localhost");
}

/** Without the brackets of an IPv6 URL, the dot of a fully qualified name, and upper case. */
export function bare(host: string): string {
  return host
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "")
    .toLowerCase();
}

function contains(list: BlockList, address: string): boolean {
  return list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

/** How IPv6 carries an IPv4 network: compatible, NAT64 (well-known and local), 6to4. `BlockList` reads the mapped form itself. */
function embeddings(network: string): readonly string[] {
  const [address = "", bits] = network.split("/");
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  const inSixToFour = `2002:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}::/${16 + Number(bits)}`;
  return [...["::", "64:ff9b::", "64:ff9b:1::"].map((prefix) => `${prefix}${address}/${96 + Number(bits)}`), inSixToFour];
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    list.addSubnet(address, Number(bits), isIPv4(address) ? "ipv4" : "ipv6");
  }
  return list;
}
