/** Check digits. Each takes a value without separators, in upper case, and says whether its check holds. */

export function luhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    let digit = digits.charCodeAt(digits.length - 1 - index) - 48;
    if (index % 2 === 1) {
      digit *= 2;
      if (digit > 9) digit -= 9;
    }
    sum += digit;
  }
  return sum % 10 === 0;
}

/** The sum of each digit times its weight. */
export function weighted(digits: string, weights: readonly number[]): number {
  let sum = 0;
  for (const [index, weight] of weights.entries()) sum += (digits.charCodeAt(index) - 48) * weight;
  return sum;
}

function digitAt(value: string, index: number): number {
  return value.charCodeAt(index) - 48;
}

/** Remainder of a value of digits and letters (A = 10) by 97, as ISO 7064 reads it. */
export function mod97(value: string): number {
  let remainder = 0;
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    const number = code <= 57 ? code - 48 : code - 55;
    remainder = (number > 9 ? remainder * 100 + number : remainder * 10 + number) % 97;
  }
  return remainder;
}

const VERHOEFF_PRODUCT = [
  "0123456789",
  "1234067895",
  "2340178956",
  "3401289567",
  "4012395678",
  "5987604321",
  "6598710432",
  "7659821043",
  "8765932104",
  "9876543210",
];
const VERHOEFF_POSITION = ["0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258"];

export function verhoeff(digits: string): boolean {
  let check = 0;
  for (let index = 0; index < digits.length; index++) {
    const moved = VERHOEFF_POSITION[index % 8]?.charCodeAt(digitAt(digits, digits.length - 1 - index)) ?? 48;
    check = (VERHOEFF_PRODUCT[check]?.charCodeAt(moved - 48) ?? 48) - 48;
  }
  return check === 0;
}

/** ISO 7064 mod 11,10: German tax numbers, Croatian OIB. */
export function mod11_10(digits: string): boolean {
  let product = 10;
  for (let index = 0; index < digits.length - 1; index++) {
    const sum = (digitAt(digits, index) + product) % 10;
    product = ((sum === 0 ? 10 : sum) * 2) % 11;
  }
  return (11 - product) % 10 === digitAt(digits, digits.length - 1);
}

/** One digit repeated is no one's number, though many checks hold for it. */
export function isMonotone(digits: string): boolean {
  for (let index = 1; index < digits.length; index++) if (digits.charCodeAt(index) !== digits.charCodeAt(0)) return false;
  return true;
}

export function ssn(digits: string): boolean {
  const area = digits.slice(0, 3);
  return area !== "000" && area !== "666" && digits.slice(3, 5) !== "00" && digits.slice(5) !== "0000";
}

/** American bank routing numbers: ABA. */
export function aba(digits: string): boolean {
  const district = Number(digits.slice(0, 2));
  const known = district <= 12 || (district >= 21 && district <= 32) || (district >= 61 && district <= 72) || district === 80;
  return known && !isMonotone(digits) && weighted(digits, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 === 0;
}

/** American provider identifiers: Luhn behind 80840. */
export function npi(digits: string): boolean {
  return /^[12]/.test(digits) && luhn(`80840${digits}`);
}

/** Vehicle identification numbers: position 9 checks the others (North America; elsewhere it may be anything). */
export function vin(value: string): boolean {
  const weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
  let sum = 0;
  for (let index = 0; index < 17; index++) {
    const code = value.charCodeAt(index);
    const letter = "ABCDEFGH..JKLMN.P.R..STUVWXYZ".indexOf(value.charAt(index));
    if (code > 57 && letter < 0) return false;
    const number = code <= 57 ? code - 48 : letter < 8 ? letter + 1 : letter < 20 ? letter - 9 : letter - 19;
    sum += number * (weights[index] ?? 0);
  }
  const check = sum % 11;
  return value.charAt(8) === (check === 10 ? "X" : String(check));
}

export function nhs(digits: string): boolean {
  const check = (11 - (weighted(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
  return check !== 10 && check === digitAt(digits, 9) && !isMonotone(digits);
}

const DNI = "TRWAGMYFPDXBNJZSQVHLCKE";
export function dni(value: string): boolean {
  return DNI.charAt(Number(value.slice(0, 8)) % 23) === value.charAt(8);
}
export function nie(value: string): boolean {
  const lead = "XYZ".indexOf(value.charAt(0));
  return lead >= 0 && DNI.charAt(Number(`${lead}${value.slice(1, 8)}`) % 23) === value.charAt(8);
}

/** Spanish company numbers: a letter, seven digits and a check that is a digit or a letter. */
export function cif(value: string): boolean {
  if (!"ABCDEFGHJNPQRSUVW".includes(value.charAt(0))) return false;
  let sum = 0;
  for (let index = 0; index < 7; index++) {
    const digit = digitAt(value, index + 1);
    const doubled = digit * 2;
    sum += index % 2 === 0 ? (doubled > 9 ? doubled - 9 : doubled) : digit;
  }
  const check = (10 - (sum % 10)) % 10;
  return value.charAt(8) === String(check) || value.charAt(8) === "JABCDEFGHI".charAt(check);
}

const FISCAL_ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
export function codiceFiscale(value: string): boolean {
  if (!"ABCDEHLMPRST".includes(value.charAt(8))) return false;
  let sum = 0;
  for (let index = 0; index < 15; index++) {
    const code = value.charCodeAt(index);
    const number = code <= 57 ? code - 48 : code - 65;
    sum += index % 2 === 0 ? (FISCAL_ODD[number] ?? 0) : number;
  }
  return value.charCodeAt(15) - 65 === sum % 26;
}

export function partitaIva(digits: string): boolean {
  return luhn(digits) && !isMonotone(digits);
}

/** French social security numbers: 13 characters and two digits, 97 − (number mod 97); Corsica's 2A and 2B count as 19 and 18. */
export function nir(value: string): boolean {
  const body = value.slice(0, 13).replace("2A", "19").replace("2B", "18");
  if (!/^[1278]\d\d(?:0[1-9]|1[0-2]|[2-4]\d|[5-9]\d)\d{8}$/.test(body)) return false;
  return 97 - mod97(body) === Number(value.slice(13));
}

export function bsn(digits: string): boolean {
  return weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0 && !isMonotone(digits);
}

/** German tax identifiers: one digit occurs twice or thrice in the first ten, and mod 11,10. */
export function steuerId(digits: string): boolean {
  return digits.charAt(0) !== "0" && new Set(digits.slice(0, 10)).size < 10 && !isMonotone(digits) && mod11_10(digits);
}

function mod11Check(digits: string, length: number, highest: number): number {
  let sum = 0;
  for (let index = 0; index < length; index++) sum += digitAt(digits, index) * (2 + ((length - 1 - index) % (highest - 1)));
  const rest = sum % 11;
  return rest < 2 ? 0 : 11 - rest;
}
export function cpf(digits: string): boolean {
  return !isMonotone(digits) && mod11Check(digits, 9, 20) === digitAt(digits, 9) && mod11Check(digits, 10, 20) === digitAt(digits, 10);
}
export function cnpj(digits: string): boolean {
  return !isMonotone(digits) && mod11Check(digits, 12, 9) === digitAt(digits, 12) && mod11Check(digits, 13, 9) === digitAt(digits, 13);
}

export function abn(digits: string): boolean {
  return (weighted(digits, [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) - 10) % 89 === 0 && digits.charAt(0) !== "0";
}
export function tfn(digits: string): boolean {
  return weighted(digits, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0 && !isMonotone(digits);
}
export function australianMedicare(digits: string): boolean {
  return /^[2-6]/.test(digits) && weighted(digits, [1, 3, 7, 9, 1, 3, 7, 9]) % 10 === digitAt(digits, 8);
}

export function pesel(digits: string): boolean {
  const check = (10 - (weighted(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10;
  const month = Number(digits.slice(2, 4)) % 20;
  const day = Number(digits.slice(4, 6));
  return check === digitAt(digits, 10) && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}
export function nip(digits: string): boolean {
  return weighted(digits, [6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 === digitAt(digits, 9) && !isMonotone(digits);
}

/** Swiss AHV numbers are EAN-13 codes of the country 756. */
export function ahv(digits: string): boolean {
  return digits.startsWith("756") && (10 - (weighted(digits, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]) % 10)) % 10 === digitAt(digits, 12);
}

export function belgianNumber(digits: string): boolean {
  const check = Number(digits.slice(9));
  const body = digits.slice(0, 9);
  const month = Number(digits.slice(2, 4)) % 20;
  return month <= 12 && (97 - (Number(body) % 97) === check || 97 - (Number(`2${body}`) % 97) === check);
}

/** Swedish personal numbers: Luhn over the last ten digits. */
export function personnummer(digits: string): boolean {
  return hasDate(digits.slice(-10), "ymd") && luhn(digits.slice(-10));
}

export function nric(value: string): boolean {
  const lead = value.charAt(0);
  let sum = weighted(value.slice(1), [2, 7, 6, 5, 4, 3, 2]);
  if (lead === "T" || lead === "G") sum += 4;
  if (lead === "M") return value.charAt(8) === "KLJNPQRTUWX".charAt(10 - ((sum + 3) % 11));
  return value.charAt(8) === (lead === "S" || lead === "T" ? "JZIHGFEDCBA" : "XWUTRQPNMLK").charAt(sum % 11);
}

/** South African identity numbers: birth date and Luhn. */
export function southAfrican(digits: string): boolean {
  return hasDate(digits, "ymd") && luhn(digits);
}

export function turkish(digits: string): boolean {
  if (digits.charAt(0) === "0") return false;
  let odd = 0;
  let even = 0;
  for (let index = 0; index < 9; index++) {
    if (index % 2 === 0) odd += digitAt(digits, index);
    else even += digitAt(digits, index);
  }
  const tenth = (((odd * 7 - even) % 10) + 10) % 10;
  return tenth === digitAt(digits, 9) && (odd + even + tenth) % 10 === digitAt(digits, 10);
}

/** Korean resident registration numbers; those issued since October 2020 have no check, so that only the date is looked at. */
export function residentNumber(digits: string): boolean {
  return hasDate(digits, "ymd") && /^.{6}[1-8]/.test(digits);
}

export function chineseIdentity(value: string): boolean {
  const sum = weighted(value, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
  return hasDate(value.slice(8), "ymd") && "10X98765432".charAt(sum % 11) === value.charAt(17);
}

export function finnish(value: string): boolean {
  const number = Number(value.slice(0, 6) + value.slice(-4, -1));
  return hasDate(value, "dmy") && "0123456789ABCDEFHJKLMNPRSTUVWXY".charAt(number % 31) === value.charAt(value.length - 1);
}

export function danish(digits: string): boolean {
  return hasDate(digits, "dmy");
}

export function norwegian(digits: string): boolean {
  return (
    weighted(digits, [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11 === 0 &&
    weighted(digits, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0 &&
    !isMonotone(digits)
  );
}

export function rut(value: string): boolean {
  const digits = value.slice(0, -1);
  let sum = 0;
  for (let index = 0; index < digits.length; index++) sum += digitAt(digits, digits.length - 1 - index) * (2 + (index % 6));
  return "0K987654321".charAt(sum % 11) === value.charAt(value.length - 1);
}

export function cuit(digits: string): boolean {
  const check = (11 - (weighted(digits, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
  return Math.min(check, 9) === digitAt(digits, 10) && /^(2[03457]|3[034])/.test(digits);
}

/** Portuguese taxpayer numbers. */
export function nif(digits: string): boolean {
  return mod11Check(digits, 8, 20) === digitAt(digits, 8) && /^[1235689]/.test(digits);
}

export function pps(value: string): boolean {
  let sum = weighted(value, [8, 7, 6, 5, 4, 3, 2]);
  if (value.length === 9 && value.charAt(8) !== "W") sum += (value.charCodeAt(8) - 64) * 9;
  return "WABCDEFGHIJKLMNOPQRSTUV".charAt(sum % 23) === value.charAt(7);
}

export function israeli(digits: string): boolean {
  return luhn(digits) && !isMonotone(digits);
}

/** Austrian social insurance numbers: the fourth digit checks the others, birth date behind. */
export function austrian(digits: string): boolean {
  const sum = weighted(digits, [3, 7, 9, 0, 5, 8, 4, 2, 1, 6]);
  return sum % 11 === digitAt(digits, 3) && hasDate(digits.slice(4), "dmy");
}

export function curp(value: string): boolean {
  const alphabet = "0123456789ABCDEFGHIJKLMN~OPQRSTUVWXYZ";
  let sum = 0;
  for (let index = 0; index < 17; index++) sum += alphabet.indexOf(value.charAt(index)) * (18 - index);
  return hasDate(value.slice(4), "ymd") && (10 - (sum % 10)) % 10 === digitAt(value, 17);
}

export function personalFinancial(value: string): boolean {
  return "ABCFGHLJPT".includes(value.charAt(3));
}

export function myNumber(digits: string): boolean {
  const sum = weighted(digits, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
  const rest = sum % 11;
  return (rest <= 1 ? 0 : 11 - rest) === digitAt(digits, 11) && !isMonotone(digits);
}

export function nino(value: string): boolean {
  return /^(?!BG|GB|KN|NK|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]/.test(value);
}

export function sin(digits: string): boolean {
  return /^[1-79]/.test(digits) && !isMonotone(digits) && luhn(digits);
}

export function aadhaar(digits: string): boolean {
  return /^[2-9]/.test(digits) && verhoeff(digits) && !isMonotone(digits);
}

/** Six digits that are a day of some year. */
export function hasDate(digits: string, order: "ymd" | "dmy"): boolean {
  const month = Number(digits.slice(2, 4));
  const day = order === "ymd" ? Number(digits.slice(4, 6)) : Number(digits.slice(0, 2));
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}
