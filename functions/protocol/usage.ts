/**
 * The tokens of one call, or of several added up, in the one shape that everything behind the upstream room reads.
 * Cached and cache-write tokens are disjoint parts of the input; reasoning tokens are a part of the output.
 */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  /** Input written to the prompt cache to live at least 30 minutes, the default. */
  readonly cacheWrite30mTokens: number;
  /** Input written to the prompt cache to live at least 12 hours. */
  readonly cacheWrite12hTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

/** Nothing used: where adding up begins. It does not stand for a usage figure that is missing. */
export const noUsage: TokenUsage = Object.freeze({
  inputTokens: 0,
  cachedInputTokens: 0,
  cacheWrite30mTokens: 0,
  cacheWrite12hTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
});

/** The sum, kind by kind. */
export function addUsage(a: TokenUsage, b: TokenUsage): TokenUsage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    cachedInputTokens: a.cachedInputTokens + b.cachedInputTokens,
    cacheWrite30mTokens: a.cacheWrite30mTokens + b.cacheWrite30mTokens,
    cacheWrite12hTokens: a.cacheWrite12hTokens + b.cacheWrite12hTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
  };
}
