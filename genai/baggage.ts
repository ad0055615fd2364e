const MAX_MEMBERS = 64;

/** Members of a W3C `baggage` header, percent-decoded, properties left out. Source: https://www.w3.org/TR/baggage/ */
export function readBaggage(header: string): readonly (readonly [key: string, value: string])[] {
  return header
    .split(",", MAX_MEMBERS)
    .map((member) => (member.split(";", 1)[0] ?? "").split("="))
    .map(([key = "", ...value]) => [decode(key.trim()), decode(value.join("=").trim())] as const)
    .filter(([key, value]) => key !== "" && value !== "");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
