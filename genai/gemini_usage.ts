import { asCount, asObjects, type JsonObject } from "./json.ts";
import { sum, type Counts } from "./token_buckets.ts";

/** Whether this is `usageMetadata` of Gemini's own API. */
export function isGeminiUsage(sent: JsonObject): boolean {
  return ["promptTokenCount", "candidatesTokenCount", "totalTokenCount"].some((name) => name in sent);
}

/**
 * Thoughts stand beside the candidates, results of tools beside the prompt; cached content is part of the prompt.
 * Source: https://ai.google.dev/api/generate-content#UsageMetadata
 */
export function geminiCounts(sent: JsonObject): Counts {
  const prompt = asCount(sent["promptTokenCount"]);
  const candidates = asCount(sent["candidatesTokenCount"]);
  const thoughts = asCount(sent["thoughtsTokenCount"]);
  const ofPrompt = byModality(sent["promptTokensDetails"]);
  const ofTools = byModality(sent["toolUsePromptTokensDetails"]);
  const ofCache = byModality(sent["cacheTokensDetails"]);
  const ofCandidates = byModality(sent["candidatesTokensDetails"]);
  return {
    input: prompt === undefined ? undefined : sum(prompt, asCount(sent["toolUsePromptTokenCount"])),
    output: sum(candidates, thoughts),
    cacheRead: asCount(sent["cachedContentTokenCount"]),
    cacheReadAudio: ofCache("AUDIO"),
    cacheReadImage: ofCache("IMAGE"),
    audioIn: sum(ofPrompt("AUDIO"), ofTools("AUDIO")),
    imageIn: sum(ofPrompt("IMAGE"), ofTools("IMAGE")),
    reasoning: thoughts,
    audioOut: ofCandidates("AUDIO"),
    imageOut: ofCandidates("IMAGE"),
  };
}

/** Gemini's OpenAI-compatible API counts thoughts in the total and nowhere else. */
export function countsThoughtsInTotalAlone(model: string | undefined): boolean {
  return model !== undefined && /^(google\/|models\/)*gemini-/.test(model);
}

function byModality(details: unknown): (modality: string) => number | undefined {
  const each = asObjects(details);
  return (modality) => sum(...each.filter((one) => one["modality"] === modality).map((one) => asCount(one["tokenCount"])));
}
