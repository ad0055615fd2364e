import type { Finding } from "../../processors/scrub/finding.ts";

/** A labelled stretch. Labels know more types than the detector: ORG, LOCATION, DATE and others, which count loosely or not at all. */
export interface Label {
  readonly start: number;
  readonly end: number;
  readonly type: string;
}

export interface LabelledText {
  readonly id: string;
  readonly text: string;
  readonly spans: readonly Label[];
}

/** A file of labelled texts. `labels` are annotated throughout and count; `soft` are annotated loosely and are shown apart. */
export interface Dataset {
  readonly name: string;
  readonly labels: readonly string[];
  readonly soft: readonly string[];
  readonly rows: readonly LabelledText[];
}

/** What was found of one type. */
export interface Tally {
  gold: number;
  caught: number;
  exact: number;
  predicted: number;
  right: number;
  /** Whether it counts in the totals; soft types do not. */
  counts: boolean;
}

export interface Score {
  readonly name: string;
  readonly types: ReadonlyMap<string, Tally>;
  /** Letters and digits of labels that count, and how many of them nothing covered. */
  readonly goldCharacters: number;
  readonly leaked: number;
  /** Characters masked outside every label, and all characters. */
  readonly over: number;
  readonly characters: number;
  readonly errors: readonly string[];
}

/** Types that mean much the same: a national id found as a tax id is found. */
const FAMILIES: Readonly<Record<string, string>> = {
  PERSON: "NAME", FIRST_NAME: "NAME", LAST_NAME: "NAME",
  ADDRESS: "PLACE", LOCATION: "PLACE", ZIP: "PLACE", GEO: "PLACE",
  SSN: "ID", NATIONAL_ID: "ID", TAX_ID: "ID", PASSPORT: "ID", DRIVER_LICENSE: "ID", MEDICAL_ID: "ID", BANK_ACCOUNT: "ID", ROUTING_NUMBER: "ID",
  SECRET: "SECRET", PRIVATE_KEY: "SECRET", PASSWORD: "SECRET",
  VIN: "VEHICLE", LICENSE_PLATE: "VEHICLE",
  IP_ADDRESS: "IP", MAC_ADDRESS: "MAC", DEVICE_ID: "DEVICE", CREDIT_CARD: "CARD", SWIFT_BIC: "BIC", CRYPTO_ADDRESS: "CRYPTO", DATE_OF_BIRTH: "DOB",
}; // prettier-ignore
const familyOf = (type: string): string => FAMILIES[type] ?? type;

/** Never false positives of the totals. */
const NEVER_FALSE = new Set(["DATE", "ORG", "LOCATION", "AGE", "URL", "ZIP", "TITLE", "NRP"]);
/** Families in which a finding is false in a file without labels. */
const FALSE_WITHOUT_LABELS = new Set([...Object.values(FAMILIES), "EMAIL", "PHONE", "IBAN", "USERNAME", "AGE"]);

/** A label is caught when findings of its family cover this share of its letters and digits. */
const enoughOf = (type: string): number => (type === "ADDRESS" ? 0.6 : 0.8);
/** A finding is right when this share of it lies in labels of its family. */
const ENOUGH_OF_A_FINDING = 0.5;

/** ASCII letters and digits, and everything beyond ASCII but two kinds of blank. */
function isLetterOrDigit(code: number): boolean {
  if (code > 127) return code !== 0xa0 && code !== 0x200b;
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

const shared = (a: Label, b: Label): number => Math.max(0, Math.min(a.end, b.end) - Math.max(a.start, b.start));

/** Runs a detector over a file and counts. `errorsOf` collects what it misses and finds falsely of one type. */
export function scoreDataset(dataset: Dataset, detect: (text: string, row: number) => readonly Finding[], errorsOf?: string): Score {
  const labels = new Set(dataset.labels);
  const soft = new Set(dataset.soft.filter((type) => !labels.has(type)));
  const labelFamilies = new Set([...labels].map(familyOf));
  const softFamilies = new Set(dataset.soft.map(familyOf));
  const falseFamilies = labels.size > 0 ? labelFamilies : FALSE_WITHOUT_LABELS;
  const types = new Map<string, Tally>();
  const tallyOf = (type: string): Tally => {
    const tally = types.get(type) ?? { gold: 0, caught: 0, exact: 0, predicted: 0, right: 0, counts: false };
    types.set(type, tally);
    return tally;
  };
  const errors: string[] = [];
  const sum = { goldCharacters: 0, leaked: 0, over: 0, characters: 0 };

  dataset.rows.forEach(({ id, text, spans }, at) => {
    const findings = detect(text, at).filter(({ start, end }) => end > start);
    const complain = (what: string, { start, end }: Label): void => {
      const around = text.slice(Math.max(0, start - 50), end + 30).replaceAll("\n", "\\n");
      errors.push(`${what} ${dataset.name} ${id} «${text.slice(start, end)}» in: ${around}`);
    };
    sum.characters += text.length;
    const covered = new Uint8Array(text.length);
    const labelled = new Uint8Array(text.length);
    const coveredBy = new Map<string, Uint8Array>();
    for (const { start, end, type } of findings) {
      covered.fill(1, start, end);
      const family = familyOf(type);
      const byFamily = coveredBy.get(family) ?? new Uint8Array(text.length);
      coveredBy.set(family, byFamily.fill(1, start, end));
    }
    for (const { start, end } of spans) labelled.fill(1, start, end);

    for (const label of spans) {
      const hard = labels.has(label.type);
      if (!hard && !soft.has(label.type)) continue;
      const tally = tallyOf(label.type);
      tally.gold++;
      tally.counts = hard;
      const mine = coveredBy.get(familyOf(label.type));
      let all = 0;
      let found = 0;
      let leaked = 0;
      for (let index = label.start; index < label.end; index++) {
        if (!isLetterOrDigit(text.charCodeAt(index))) continue;
        all++;
        found += mine?.[index] ?? 0;
        leaked += covered[index] === 1 ? 0 : 1;
      }
      if (all === 0) {
        all = 1;
        found = mine?.[label.start] ?? 0;
      }
      if (found / all >= enoughOf(label.type)) tally.caught++;
      else if (errorsOf === label.type) complain("MISS", label);
      const same = ({ start, end, type }: Finding): boolean =>
        start === label.start && end === label.end && familyOf(type) === familyOf(label.type);
      if (findings.some(same)) tally.exact++;
      if (hard) {
        sum.goldCharacters += all;
        sum.leaked += leaked;
      }
    }

    for (const finding of findings) {
      const family = familyOf(finding.type);
      const length = finding.end - finding.start;
      let inFamily = 0;
      let neutral = 0;
      for (const label of spans) {
        const overlap = shared(finding, label);
        if (familyOf(label.type) === family) inFamily += overlap;
        if (!labels.has(label.type)) neutral += overlap;
      }
      const known = labels.has(finding.type) || !soft.has(finding.type);
      if (inFamily / length >= ENOUGH_OF_A_FINDING) {
        if (!labelFamilies.has(family) && !softFamilies.has(family)) continue;
        const tally = tallyOf(finding.type);
        tally.predicted++;
        tally.right++;
        tally.counts ||=
          labels.has(finding.type) || (labelFamilies.has(family) && !dataset.soft.includes(finding.type) && !NEVER_FALSE.has(finding.type));
        continue;
      }
      if (neutral / length >= ENOUGH_OF_A_FINDING || (!falseFamilies.has(family) && !softFamilies.has(family))) continue;
      const isFalse = falseFamilies.has(family) && !NEVER_FALSE.has(finding.type) && known;
      const tally = tallyOf(finding.type);
      tally.predicted++;
      tally.counts ||= isFalse;
      if (isFalse) for (let index = finding.start; index < finding.end; index++) sum.over += labelled[index] === 1 ? 0 : 1;
      if (errorsOf === finding.type) complain("FALSE", finding);
    }
  });
  return { name: dataset.name, types, errors, ...sum };
}

/** Precision, recall and their weighted mean, in which recall counts double. */
export interface Figures {
  readonly gold: number;
  readonly predicted: number;
  readonly precision: number;
  readonly recall: number;
  readonly f2: number;
  readonly exact: number;
}

function f2Of(precision: number, recall: number): number {
  return precision + recall === 0 ? 0 : (5 * precision * recall) / (4 * precision + recall);
}

export function figuresOf(tallies: Iterable<Tally>): Figures {
  const sum = { gold: 0, caught: 0, exact: 0, predicted: 0, right: 0 };
  for (const tally of tallies) {
    sum.gold += tally.gold;
    sum.caught += tally.caught;
    sum.exact += tally.exact;
    sum.predicted += tally.predicted;
    sum.right += tally.right;
  }
  const precision = sum.predicted > 0 ? sum.right / sum.predicted : sum.gold > 0 ? 0 : 1;
  const recall = sum.gold > 0 ? sum.caught / sum.gold : 0;
  return {
    gold: sum.gold,
    predicted: sum.predicted,
    precision,
    recall,
    f2: f2Of(precision, recall),
    exact: sum.gold > 0 ? sum.exact / sum.gold : 0,
  };
}

/** The tallies of several files, by type; soft ones under `(soft) TYPE`. */
export function togetherByType(scores: readonly Score[]): ReadonlyMap<string, Tally> {
  const all = new Map<string, Tally>();
  for (const { types } of scores) {
    for (const [type, tally] of types) {
      const key = tally.counts ? type : `(soft) ${type}`;
      const sum = all.get(key) ?? { gold: 0, caught: 0, exact: 0, predicted: 0, right: 0, counts: tally.counts };
      all.set(key, {
        gold: sum.gold + tally.gold,
        caught: sum.caught + tally.caught,
        exact: sum.exact + tally.exact,
        predicted: sum.predicted + tally.predicted,
        right: sum.right + tally.right,
        counts: tally.counts,
      });
    }
  }
  return all;
}

/** Types of fewer labels say nothing. */
const ENOUGH_LABELS = 5;

/** The mean F2 over the types that count. */
export function macroF2(types: ReadonlyMap<string, Tally>): number {
  const each = [...types.values()].filter(({ counts, gold }) => counts && gold >= ENOUGH_LABELS).map((tally) => figuresOf([tally]).f2);
  return each.reduce((sum, f2) => sum + f2, 0) / Math.max(1, each.length);
}

/** Found by the tagger and by context, not by shape. */
const UNSTRUCTURED = new Set(["PERSON", "ADDRESS", "USERNAME"]);

/** All types with a shape of their own, together. */
export function structuredFigures(types: ReadonlyMap<string, Tally>): Figures {
  return figuresOf([...types].filter(([type, { counts }]) => counts && !UNSTRUCTURED.has(type)).map(([, tally]) => tally));
}
