import { check } from "recheck";
import { describe, expect, test } from "vitest";
import { AFTER, BEFORE, BEHIND, HOUSE, NAME, NUMBER } from "./addresses.ts";
import { DATE, DAY } from "./births.ts";
import { ABOUT } from "./bridge.ts";
import { AS_PASSWORD, FOLLOWED, PAIR, PAIRED, PLACEHOLDER, USER, WHOSE } from "./credentials.ts";
import { REMOTE, SPELLED } from "./emails.ts";
import { COORDINATE, PAIR as COORDINATES, SEXAGESIMAL } from "./geo.ts";
import { BESIDE } from "./iban.ts";
import { ENDED } from "./labelled.ts";
import { MAC } from "./network.ts";
import { CALLED, EXTENSION, LISTED } from "./phones.ts";
import { SECRET } from "./secrets/assigned.ts";
import { CLIENT, CLOSER, KEY, KEYED, OPENER, OPTION, WEBHOOK } from "./secrets/places.ts";
import { PREFIXES } from "./secrets/prefixes.ts";
import { BESIDE as KEY_BESIDE, BOT, JWT, MAILER, NUMBERED_BOT } from "./secrets/vendor.ts";
import { INTEGRITY, TIME, UUID } from "./skip.ts";
import { BIC } from "./swift.ts";

/** Every pattern that runs on a text, or on a stretch of one. The users' own run on another engine. */
const patterns: Readonly<Record<string, RegExp>> = {
  AFTER,
  BEFORE,
  BEHIND,
  HOUSE,
  NAME,
  NUMBER,
  DATE,
  DAY,
  ABOUT,
  FOLLOWED,
  PAIR,
  PLACEHOLDER,
  USER,
  WHOSE,
  REMOTE,
  SPELLED,
  COORDINATE,
  COORDINATES,
  SEXAGESIMAL,
  BESIDE,
  ENDED,
  MAC,
  CALLED,
  EXTENSION,
  SECRET,
  CLIENT,
  CLOSER,
  KEY,
  KEYED,
  PAIRED,
  AS_PASSWORD,
  LISTED,
  KEY_BESIDE,
  OPENER,
  OPTION,
  WEBHOOK,
  BOT,
  JWT,
  MAILER,
  NUMBERED_BOT,
  INTEGRITY,
  TIME,
  UUID,
  BIC,
};

/** Characters of the longest stretch that a pattern is given, or takes by its own bounds. */
const STRETCH = 512;

test("every quantifier in a vendor's pattern is bounded", () => {
  const unbounded = PREFIXES.filter(([, body]) => /[*+]|\{\d+,\}/.test(body.replace(/\[[^\]]*\]/g, "")));
  expect(unbounded).toEqual([]);
});

describe("no pattern takes long on any text", () => {
  for (const [name, pattern] of Object.entries(patterns)) {
    test(name, async () => {
      const verdict = await check(pattern.source, pattern.flags.replace("y", ""), {
        timeout: 4000,
        attackTimeout: 1500,
        recallTimeout: -1,
      });
      if (verdict.status !== "vulnerable") {
        expect(verdict.status).not.toBe("vulnerable");
        return;
      }
      // Bounded, though not linear within its bounds: then the worst text that was found must cost little.
      const worst = verdict.attack.string.slice(0, STRETCH);
      const begun = process.cpuUsage();
      for (let round = 0; round < 100; round++) {
        pattern.lastIndex = 0;
        pattern.test(worst);
      }
      const { user, system } = process.cpuUsage(begun);
      expect((user + system) / 100).toBeLessThan(2000); // microseconds each
    });
  }
});
