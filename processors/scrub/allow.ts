import { BlockList, isIP } from "node:net";
import { RE2JS } from "re2js";
import type { Finding } from "./finding.ts";
import type { ParsedOptions } from "./options.ts";

/** Whether a finding is of what is left as it is. */
export function allowed(allow: ParsedOptions["allow"]): (text: string, finding: Finding) => boolean {
  const { texts, networks, domains, patterns } = allow;
  if (texts.length + networks.length + domains.length + patterns.length === 0) return () => false;
  const exact = new Set(texts);
  const blocks = new BlockList();
  for (const network of networks) {
    const [address = "", bits = ""] = network.split("/");
    blocks.addSubnet(address, Number(bits), isIP(address) === 6 ? "ipv6" : "ipv4");
  }
  const compiled = patterns.map((pattern) => RE2JS.compile(pattern));
  return (text, { start, end, type }) => {
    const value = text.slice(start, end);
    if (exact.has(value)) return true;
    if (type === "IP_ADDRESS" && networks.length > 0 && isIP(value) !== 0) return blocks.check(value, isIP(value) === 6 ? "ipv6" : "ipv4");
    if (type === "EMAIL" && isOfDomain(value, domains)) return true;
    return compiled.some((pattern) => pattern.matches(value));
  };
}

function isOfDomain(email: string, domains: readonly string[]): boolean {
  const host = email.slice(email.lastIndexOf("@") + 1).toLowerCase();
  return domains.some((domain) => host === domain.toLowerCase() || host.endsWith(`.${domain.toLowerCase()}`));
}
