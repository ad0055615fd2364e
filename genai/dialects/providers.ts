/** Hosts of well-known providers and their `gen_ai.provider.name`; what the conventions do not list is the provider's own short name. */
const PROVIDER_HOSTS: readonly (readonly [host: RegExp, provider: string])[] = [
  [/(^|\.)openai\.com$/, "openai"],
  [/(^|\.)(openai|cognitiveservices)\.azure\.com$/, "azure.ai.openai"],
  [/(^|\.)(services|models|inference)\.ai\.azure\.com$/, "azure.ai.inference"],
  [/(^|\.)anthropic\.com$/, "anthropic"],
  [/^bedrock[\w-]*(\.[\w-]+)+\.(amazonaws\.com|api\.aws)$/, "aws.bedrock"],
  [/^generativelanguage\.googleapis\.com$/, "gcp.gemini"],
  [/^([\w-]+-)?aiplatform\.googleapis\.com$/, "gcp.vertex_ai"],
  [/(^|\.)cohere\.(com|ai)$/, "cohere"],
  [/(^|\.)deepseek\.com$/, "deepseek"],
  [/(^|\.)groq\.com$/, "groq"],
  [/(^|\.)ml\.cloud\.ibm\.com$/, "ibm.watsonx.ai"],
  [/(^|\.)mistral\.ai$/, "mistral_ai"],
  [/(^|\.)moonshot\.(ai|cn)$/, "moonshot_ai"],
  [/(^|\.)perplexity\.ai$/, "perplexity"],
  [/(^|\.)x\.ai$/, "x_ai"],
  [/(^|\.)openrouter\.ai$/, "openrouter"],
  [/(^|\.)together\.(ai|xyz)$/, "together"],
  [/(^|\.)fireworks\.ai$/, "fireworks"],
  [/(^|\.)cerebras\.ai$/, "cerebras"],
  [/(^|\.)huggingface\.co$/, "huggingface"],
];

/** Providers whose own API this is, so that attributes named after it are theirs. */
const OPENAI: ReadonlySet<string> = new Set(["openai", "azure.ai.openai"]);

export interface Provider {
  readonly name: string;
  /**
   * Whether `openai.*` attributes may stand on its spans. The conventions want provider attributes on that provider's spans alone,
   * so a host known to be another's has none; an upstream of which only its API is known keeps them, for nothing says they are another's.
   */
  readonly openai: boolean;
}

/** Whether an upstream is known to understand `stream_options.include_usage`: by its host, or because the operator calls it so. */
export function sendsUsageWhenAsked(upstream: { readonly name: string; readonly address: string }): boolean {
  return upstream.name === "openai" || providerAt(upstream.address) === "openai";
}

/** The host tells best; else the name the operator gave the upstream, unless that is no name, and then the API it speaks. */
export function providerOf(upstream: { readonly name: string; readonly address: string }): Provider {
  const known = providerAt(upstream.address);
  if (known !== undefined) return { name: known, openai: OPENAI.has(known) };
  return { name: upstream.name === "default" ? "openai" : upstream.name, openai: true };
}

function providerAt(address: string): string | undefined {
  const host = address.toLowerCase().replace(/\.$/, "");
  return PROVIDER_HOSTS.find(([pattern]) => pattern.test(host))?.[1];
}
