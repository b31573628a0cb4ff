import { noUsage, type TokenUsage } from '#protocol/usage.ts';

/** A part of OpenAI's usage objects, as they really arrive: any member may be absent. */
interface ReportedUsage {
  readonly input_tokens?: number;
  readonly output_tokens?: number;
  readonly input_tokens_details?: {
    readonly cached_tokens?: number;
    readonly cache_write_tokens?: number;
    readonly cache_write_tokens_details?: { readonly ttl_30m_tokens?: number; readonly ttl_12h_tokens?: number };
  };
  readonly output_tokens_details?: { readonly reasoning_tokens?: number };
}

interface ReportedChatUsage {
  readonly prompt_tokens?: number;
  readonly completion_tokens?: number;
  readonly prompt_tokens_details?: ReportedUsage['input_tokens_details'] | null;
  readonly completion_tokens_details?: ReportedUsage['output_tokens_details'] | null;
}

/** Usage of a reply of the Responses API in Weir's one shape; undefined when there is none that can be priced. */
export function usageOfResponse(reported: unknown): TokenUsage | undefined {
  const usage = reported as ReportedUsage | null | undefined;
  const details = usage?.input_tokens_details;
  const written = details?.cache_write_tokens ?? 0;
  const written12h = details?.cache_write_tokens_details?.ttl_12h_tokens ?? 0;
  const counts = {
    inputTokens: usage?.input_tokens,
    cachedInputTokens: details?.cached_tokens ?? 0,
    // Without a split by lifetime all writes are of the default lifetime, 30 minutes.
    cacheWrite30mTokens: details?.cache_write_tokens_details?.ttl_30m_tokens ?? written - written12h,
    cacheWrite12hTokens: written12h,
    outputTokens: usage?.output_tokens,
    reasoningTokens: usage?.output_tokens_details?.reasoning_tokens ?? 0,
  };
  // One member that is no count spoils the whole: what the ledger stores must be numbers that add up.
  return Object.values(counts).every(isCount) ? (counts as TokenUsage) : undefined;
}

/** Usage of a reply of the Chat Completions API, whose words are others for the same counts; undefined when there is none. */
export function usageOfChat(reported: unknown): TokenUsage | undefined {
  const usage = reported as ReportedChatUsage | null | undefined;
  return usageOfResponse({
    input_tokens: usage?.prompt_tokens,
    output_tokens: usage?.completion_tokens,
    input_tokens_details: usage?.prompt_tokens_details ?? {},
    output_tokens_details: usage?.completion_tokens_details ?? {},
  });
}

/** Usage of a reply of the Embeddings API; undefined when there is none. */
export function usageOfEmbeddings(reported: unknown): TokenUsage | undefined {
  const usage = reported as { readonly prompt_tokens?: number } | null | undefined;
  return isCount(usage?.prompt_tokens) ? { ...noUsage, inputTokens: usage.prompt_tokens } : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
