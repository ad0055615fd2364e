import { stdnum } from "stdnum";
import { expect, test } from "vitest";
import * as checks from "./checks.ts";

interface Oracle {
  readonly name: string;
  readonly ours: (value: string) => boolean;
  /** Country and kind in the standard library. */
  readonly theirs: readonly [country: string, kind: string];
  /** `9` a digit, `A` a letter; anything else stands for itself. */
  readonly form: string;
}

const oracles: readonly Oracle[] = [
  { name: "a Spanish DNI", ours: checks.dni, theirs: ["ES", "dni"], form: "99999999A" },
  { name: "a Spanish NIE", ours: checks.nie, theirs: ["ES", "nie"], form: "X9999999A" },
  { name: "a Dutch BSN", ours: checks.bsn, theirs: ["NL", "bsn"], form: "199999999" },
  { name: "a German tax identifier", ours: checks.steuerId, theirs: ["DE", "idnr"], form: "99999999999" },
  { name: "a Brazilian CPF", ours: checks.cpf, theirs: ["BR", "cpf"], form: "99999999999" },
  { name: "a Brazilian CNPJ", ours: checks.cnpj, theirs: ["BR", "cnpj"], form: "99999999000199" },
  { name: "an Australian ABN", ours: checks.abn, theirs: ["AU", "abn"], form: "99999999999" },
  { name: "an Australian TFN", ours: checks.tfn, theirs: ["AU", "tfn"], form: "999999999" },
  { name: "an Indian Aadhaar", ours: checks.aadhaar, theirs: ["IN", "aadhaar"], form: "399999999999" },
  { name: "a Polish PESEL", ours: checks.pesel, theirs: ["PL", "pesel"], form: "85011599999" },
  { name: "a Polish NIP", ours: checks.nip, theirs: ["PL", "nip"], form: "9999999999" },
  { name: "a Swedish personal number", ours: checks.personnummer, theirs: ["SE", "personnummer"], form: "850115-9999" },
  { name: "a Turkish identity number", ours: checks.turkish, theirs: ["TR", "tckimlik"], form: "19999999999" },
  { name: "a Chilean RUT", ours: checks.rut, theirs: ["CL", "rut"], form: "199999999" },
  { name: "an Argentine CUIT", ours: checks.cuit, theirs: ["AR", "cuit"], form: "20999999999" },
  { name: "a Portuguese NIF", ours: checks.nif, theirs: ["PT", "nif"], form: "299999999" },
  { name: "a Canadian SIN", ours: checks.sin, theirs: ["CA", "sin"], form: "199999999" },
  { name: "a Swiss AHV number", ours: checks.ahv, theirs: ["CH", "ssn"], form: "7569999999999" },
  { name: "a Norwegian birth number", ours: checks.norwegian, theirs: ["NO", "fodselsnummer"], form: "15018599999" },
  { name: "an Irish PPS number", ours: checks.pps, theirs: ["IE", "pps"], form: "9999999A" },
  { name: "a Belgian national number", ours: checks.belgianNumber, theirs: ["BE", "nn"], form: "85011599999" },
  { name: "a South African identity number", ours: checks.southAfrican, theirs: ["ZA", "idnr"], form: "8501159999089" },
  { name: "an Italian Partita IVA", ours: checks.partitaIva, theirs: ["IT", "iva"], form: "09999990159" },
];

const ROUNDS = 4000;

for (const { name, ours, theirs, form } of oracles) {
  test(`holds what the standard library of numbers holds for ${name}`, () => {
    const random = seeded(7);
    const missed: string[] = [];
    let valid = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const value = form.replace(/[9A]/g, (place) => (place === "9" ? String(random(10)) : String.fromCharCode(65 + random(26))));
      if (stdnum[theirs[0]]?.[theirs[1]]?.validate(value).isValid !== true) continue;
      valid += 1;
      if (!ours(value.replace("-", "")) && !isUnissued(value)) missed.push(value);
    }
    expect(valid).toBeGreaterThan(0);
    expect(missed).toEqual([]);
  });

  test(`refuses most of what is no ${name.replace(/^an? /, "")}`, () => {
    const random = seeded(11);
    let accepted = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const value = form.replace(/[9A]/g, (place) => (place === "9" ? String(random(10)) : String.fromCharCode(65 + random(26))));
      if (ours(value.replace("-", ""))) accepted += 1;
    }
    expect(accepted / ROUNDS).toBeLessThan(0.13);
  });
}

test("tells a routing number from one with another digit", () => {
  expect([checks.aba("021000021"), checks.aba("021000022"), checks.aba("991000021")]).toEqual([true, false, false]);
});

const examples: readonly (readonly [string, (value: string) => boolean, string, string])[] = [
  ["a card number", checks.luhn, "4111111111111111", "4111111111111112"],
  ["a vehicle", checks.vin, "1HGCM82633A004352", "1HGCM82634A004352"],
  ["an NHS number", checks.nhs, "9434765919", "9434765918"],
  ["an NPI", checks.npi, "1234567893", "1234567894"],
  ["a codice fiscale", checks.codiceFiscale, "RSSMRA85T10A562S", "RSSMRA85T10A562T"],
  ["a Spanish company number", checks.cif, "A58818501", "A58818502"],
  ["a Singaporean NRIC", checks.nric, "S1234567D", "S1234567E"],
  ["a Chinese identity number", checks.chineseIdentity, "11010519491231002X", "110105194912310021"],
  ["a Finnish identity code", checks.finnish, "131052308T", "131052308U"],
  ["a CURP", checks.curp, "HEGG560427MVZRRL04", "HEGG560427MVZRRL05"],
  ["a social security number", checks.ssn, "123456789", "666456789"],
  ["a Danish CPR number", checks.danish, "0707614285", "0713614285"],
];
for (const [name, check, right, wrong] of examples) {
  test(`tells ${name} from one with another digit`, () => {
    expect([check(right), check(wrong)]).toEqual([true, false]);
  });
}

/** German tax identifiers repeat a digit among the first ten; the library does not ask for it. */
function isUnissued(value: string): boolean {
  return value.length === 11 && new Set(value.slice(0, 10)).size === 10;
}

/** Integers below a bound, the same in every run. */
function seeded(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * bound);
  };
}
