import { z } from "zod";
import { isMetadata } from "./address.ts";

const LONGEST = 2048;

/** Reads the text with the parser that also connects, so that no spelling means one host here and another there. */
export const baseUrl = z.string().superRefine((text, context) => {
  const wrong = mistake(text);
  if (wrong) context.addIssue({ code: "custom", message: wrong.message, params: { fix: wrong.fix } });
});

function mistake(text: string): { readonly message: string; readonly fix: string } | undefined {
  const example = "Give an address such as https://api.openai.com/v1.";
  if (text.length > LONGEST) return { message: `longer than ${LONGEST} characters`, fix: example };
  const url = URL.parse(text);
  if (!url) return { message: "not a URL", fix: example };
  if (url.protocol !== "http:" && url.protocol !== "https:") return { message: `${url.protocol}// is not relayed`, fix: example };
  if (url.username || url.password) {
    return { message: "contains a user name or password", fix: "Remove it from the address and name it in `credential`." };
  }
  if (/[?#]/.test(url.href))
    return { message: "has a query or fragment", fix: "Remove the part from `?` or `#` on; each call brings its own." };
  if (isMetadata(url.hostname)) {
    return { message: `${url.hostname} is a cloud's metadata service`, fix: "Give the address of a model API; this one is never called." };
  }
  return undefined;
}
