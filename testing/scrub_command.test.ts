import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { spangate } from "./command.ts";

const START = fileURLToPath(new URL("../start.mjs", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "spangate-test-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

function file(name: string, content: string | Buffer): string {
  writeFileSync(join(home, name), content);
  return join(home, name);
}

const letter = file("letter.txt", "\nWrite to anna.keller@gmail.com,\nor pay with 4111 1111 1111 1111.\n");
const empty = file("empty.txt", "");
const badPattern = file("bad.yaml", 'processors: [{use: scrub, patterns: [{type: EMAIL, pattern: "("}]}]');

const runs: readonly { title: string; args: readonly string[]; code: number; says: RegExp }[] = [
  {
    title: "lists what it finds, and where",
    args: [letter],
    code: 0,
    says: /2:10 +EMAIL .*\n3:13 +CREDIT_CARD .*\n\n2 found: 1 EMAIL, 1 CREDIT_CARD/,
  },
  {
    title: "gives the text as it would be stored",
    args: [letter, "--text"],
    code: 0,
    says: /^\nWrite to \[EMAIL\],\nor pay with \[CREDIT_CARD\]\.\n$/,
  },
  { title: "gives offsets as JSON", args: [letter, "--json"], code: 0, says: /"start": 10,\n +"end": 31,\n +"type": "EMAIL"/ },
  { title: "tells by its code that something was found", args: [letter, "--check"], code: 1, says: /EMAIL/ },
  { title: "tells it beside the text as well", args: [letter, "--check", "--text"], code: 1, says: /\[EMAIL\]/ },
  { title: "tells by its code that nothing was", args: [empty, "--check"], code: 0, says: /^Nothing was found\.$/m },
  { title: "reads what is no text", args: [file("bytes", Buffer.from([0, 255, 254, 128, 10])), "--check"], code: 0, says: /^Nothing/ },
  { title: "says what it cannot read", args: [join(home, "none")], code: 2, says: /cannot read .*none: ENOENT/ },
  { title: "says that a folder is no file", args: [home], code: 2, says: /cannot read .*EISDIR/ },
  { title: "says what is wrong with the configuration", args: [letter, "--config", badPattern], code: 2, says: /not one that RE2 reads/ },
];
for (const { title, args, code, says } of runs) {
  test(`spangate scrub ${title}`, async () => {
    const run = await spangate(["scrub", ...args]);
    expect(run.stdout + run.stderr).toMatch(says);
    expect(run.code).toBe(code);
  });
}

test("spangate scrub - waits for what is written to it", async () => {
  const child = spawn(process.execPath, [START, "scrub", "-"], { cwd: home, stdio: ["pipe", "pipe", "inherit"] });
  await setTimeout(500);
  child.stdin.end("anna.keller@gmail.com");
  expect(await text(child.stdout)).toMatch(/1:1 +EMAIL/);
});

test("a reader that has enough ends spangate scrub in silence", async () => {
  const long = file("long.txt", "anna.keller@gmail.com ".repeat(20_000));
  const code = await new Promise((resolve) => {
    const command = `"${process.execPath}" "${START}" scrub "${long}" --json | head -c 10; exit "\${PIPESTATUS[0]}"`;
    execFile("bash", ["-c", command], { cwd: home }, (error, _stdout, stderr) => resolve([error?.code ?? 0, stderr]));
  });
  expect(code).toEqual([0, ""]);
});
