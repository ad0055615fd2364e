/** What a label can announce. A label is a phrase of the vocabulary; it stands for one or more of these. At most 31: they are bits. */
export const FAMILIES = [
  "phone",
  "phone_cue",
  "card",
  "iban",
  "swift",
  "account",
  "routing",
  "ssn",
  "national_id",
  "tax_id",
  "passport",
  "licence",
  "medical",
  "plate",
  "vin",
  "device",
  "geo",
  "crypto",
  "birth",
  "username",
  /** A word that stands before user names, but as often before others. */
  "username_cue",
  /** A phrase that stands before people or their user names. */
  "username_of",
  "password",
  "secret",
  /** The first word of a vendor's key prefix, as `sk` of `sk-`. */
  "vendor",
  /** What is counted, ordered, versioned or traced: the number behind it is nobody's. */
  "other",
  /** `at` and `dot`, spelled out in an address that hides. */
  "dot",
  /** Behind a street's name, as Street; in front of it, as rue, or of a post box. */
  "street",
  "street_word",
  /** A user name and a password at once. */
  "pair",
  /** The scheme in front of a credential in a header. */
  "bearer",
] as const;
export type Family = (typeof FAMILIES)[number];

export const bitOf = Object.fromEntries(FAMILIES.map((family, index) => [family, 1 << index])) as Readonly<Record<Family, number>>;
/** By its place in the list: labels are looked up for every number, and an array is faster than a name. */
export const FAMILY = Object.fromEntries(FAMILIES.map((family, index) => [family, index])) as Readonly<Record<Family, number>>;

/** Phrases by family, and the names of months. */
export type Labels = Readonly<Partial<Record<Family | "month", readonly string[]>>>;
