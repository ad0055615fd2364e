import { expect, test } from "vitest";
import { scrubOptions } from "./options.ts";

const wrong: readonly { title: string; options: object; path: readonly (string | number)[]; message: RegExp }[] = [
  {
    title: "a pattern that is none",
    options: {
      patterns: [
        { type: "EMAIL", pattern: "a+" },
        { type: "EMAIL", pattern: "(" },
      ],
    },
    path: ["patterns", 1, "pattern"],
    message: /not one that RE2 reads/,
  },
  {
    title: "a pattern that takes ordinary text apart",
    options: { patterns: [{ type: "EMAIL", pattern: String.raw`\w+` }] },
    path: ["patterns", 0, "pattern"],
    message: /of ordinary text/,
  },
  {
    title: "a pattern of what is left that is none",
    options: { allow: { patterns: ["(?<=a)b"] } },
    path: ["allow", "patterns", 0],
    message: /./,
  },
];
for (const { title, options, path, message } of wrong) {
  test(`${title} is said where it stands`, () => {
    const issues = scrubOptions.safeParse({ use: "scrub", ...options }).error?.issues ?? [];
    expect(issues.map((issue) => issue.path)).toContainEqual(path);
    expect(issues.find((issue) => issue.path.join() === path.join())?.message).toMatch(message);
  });
}

test("what has nothing wrong is taken, with its defaults", () => {
  const patterns = [{ type: "MEDICAL_ID", pattern: "PAT-[0-9]{8}" }];
  expect(scrubOptions.parse({ use: "scrub", patterns })).toMatchObject({ patterns, operator: "marker", budget_ms: 20_000 });
});
