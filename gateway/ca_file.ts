import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";

/** Read when it is checked, so that a wrong file is found at the start and not by the first call. */
export const caFile = z
  .string()
  .min(1)
  .superRefine((file, context) => {
    const message = mistake(file);
    if (message === undefined) return;
    const fix = "Name a file of certificates in PEM (-----BEGIN CERTIFICATE-----), readable by the user Spangate runs as.";
    context.addIssue({ code: "custom", message, params: { fix } });
  });

function mistake(file: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    return `cannot read ${file}: ${(error as NodeJS.ErrnoException).code}`;
  }
  try {
    new X509Certificate(text);
    return undefined;
  } catch {
    return `${file} holds no certificate`;
  }
}
