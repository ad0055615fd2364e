import type { PiiType } from "./finding.ts";

/** Keys whose text is what they say, whatever it looks like; in lower case, without what separates words. */
const KEYS: ReadonlyMap<string, PiiType> = new Map([
  ...typed("SECRET", "authorization proxyauthorization cookie setcookie apikey xapikey clientsecret secretkey accesstoken refreshtoken"),
  ...typed("SECRET", "sessiontoken secretaccesskey authtoken bearertoken"),
  ...typed("PRIVATE_KEY", "privatekey"),
  ...typed("PASSWORD", "password passwd passphrase"),
  ...typed("PERSON", "firstname lastname middlename fullname givenname familyname surname maidenname cardholdername accountholdername"),
  ...typed("ADDRESS", "address1 address2 addressline addressline1 addressline2 street street1 street2 streetaddress"),
]);

const LONGEST = 24;

function typed(type: PiiType, keys: string): readonly (readonly [string, PiiType])[] {
  return keys.split(" ").map((key) => [key, type]);
}

/** What a text behind this key is: `first_name`, `firstName` and `First-Name` say the same. Undefined for keys that do not tell. */
export function typeOfKey(key: string): PiiType | undefined {
  if (key.length > LONGEST) return undefined;
  return KEYS.get(key.replace(/[-_ .]/g, "").toLowerCase());
}
