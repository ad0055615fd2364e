import { readFileSync } from "node:fs";
import { z } from "zod";

/** What the tools of the airline know about its customers, as a conversation tells it. */
export interface Customers {
  readonly emails: readonly string[];
  readonly datesOfBirth: readonly string[];
  readonly streets: readonly string[];
  readonly fullNames: readonly string[];
  readonly firstNames: readonly string[];
}

const conversation = z.object({ messages: z.array(z.looseObject({ role: z.string(), content: z.string().nullish() })) });
const calls = z.array(z.object({ function: z.object({ arguments: z.string() }) }));

/** Collects them from a file of conversations: from what the tools answered, and from what they were called with. */
export function customersOf(file: string): Customers {
  const found = {
    emails: new Set<string>(),
    datesOfBirth: new Set<string>(),
    streets: new Set<string>(),
    fullNames: new Set<string>(),
    firstNames: new Set<string>(),
  };

  function note(value: unknown): void {
    if (Array.isArray(value)) return value.forEach(note);
    if (typeof value !== "object" || value === null) return;
    const { first_name: first, last_name: last, dob, email, address1, address2 } = value as Record<string, unknown>;
    if (typeof first === "string" && typeof last === "string") {
      found.firstNames.add(first);
      found.fullNames.add(`${first} ${last}`);
    }
    if (typeof dob === "string") found.datesOfBirth.add(dob);
    if (typeof email === "string") found.emails.add(email);
    for (const street of [address1, address2]) if (typeof street === "string" && /\d/.test(street)) found.streets.add(street);
    Object.values(value).forEach(note);
  }

  for (const line of readFileSync(file, "utf8").split("\n").filter(Boolean)) {
    for (const message of conversation.parse(JSON.parse(line)).messages) {
      const texts = [message.role === "tool" ? message.content : undefined, ...argumentsOf(message["tool_calls"])];
      for (const text of texts) note(parsed(text));
    }
  }
  return {
    emails: [...found.emails],
    datesOfBirth: [...found.datesOfBirth],
    streets: [...found.streets],
    fullNames: [...found.fullNames],
    firstNames: [...found.firstNames],
  };
}

function argumentsOf(toolCalls: unknown): readonly string[] {
  const known = calls.safeParse(toolCalls);
  return known.success ? known.data.map((call) => call.function.arguments) : [];
}

function parsed(text: string | null | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return undefined; // a tool may answer with a sentence
  }
}
