import { describe, expect, test } from "vitest";
import { dialectFor } from "./index.ts";
import { providerOf } from "./providers.ts";

const paths: readonly (readonly [method: string, path: string, dialect: string | undefined, configured?: string])[] = [
  ["POST", "/chat/completions", "openai_chat"],
  ["POST", "/chat/completions/", "openai_chat"],
  ["POST", "/openai/deployments/gpt-4o/chat/completions", "openai_chat"],
  ["POST", "/responses", "openai_responses"],
  ["POST", "/completions", "openai_completions"],
  ["POST", "/embeddings", "openai_embeddings"],
  ["GET", "/chat/completions", undefined],
  ["POST", "/responses/resp_1/cancel", undefined],
  ["POST", "/responses/input_tokens", undefined],
  ["GET", "/models", undefined],
  ["POST", "/files", undefined],
  ["POST", "/chat/completions", "openai_chat", "openai"],
  ["POST", "/chat/completions", "openai_chat", "openai_chat"],
  ["POST", "/embeddings", undefined, "openai_chat"],
  ["POST", "/chat/completions", undefined, "none"],
];

describe("a request's dialect", () => {
  for (const [method, path, dialect, configured] of paths) {
    test(`is ${dialect} for ${method} ${path}${configured ? `, configured as ${configured}` : ""}`, () => {
      expect(dialectFor(method, path, configured)?.name).toBe(dialect);
    });
  }
});

const hosts: readonly (readonly [address: string, name: string, provider: string, openai: boolean])[] = [
  ["api.openai.com", "default", "openai", true],
  ["eu.api.openai.com", "eu", "openai", true],
  ["contoso.openai.azure.com", "azure", "azure.ai.openai", true],
  ["API.GROQ.com", "fast", "groq", false],
  ["generativelanguage.googleapis.com", "google", "gcp.gemini", false],
  ["us-central1-aiplatform.googleapis.com", "google", "gcp.vertex_ai", false],
  ["bedrock-runtime.eu-west-1.amazonaws.com", "aws", "aws.bedrock", false],
  ["lb-1.eu-west-1.elb.amazonaws.com", "own-model", "own-model", true],
  ["notopenai.com", "trap", "trap", true],
  ["127.0.0.1", "vllm", "vllm", true],
  ["127.0.0.1", "default", "openai", true],
];

describe("a provider", () => {
  for (const [address, name, provider, openai] of hosts) {
    test(`is ${provider} at ${address} called ${name}`, () => {
      expect(providerOf({ address, name })).toEqual({ name: provider, openai });
    });
  }
});
