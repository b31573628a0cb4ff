/**
 * A token bucket that keeps retries a small share of traffic: a success earns a tenth of a token, a retry spends one. An
 * upstream that fails for everybody is so asked once a call, not three times (R6).
 */
export interface RetryBudget {
  hasToken(): boolean;
  spend(): void;
  earn(): void;
}

const TOKENS_AT_START = 1;
const TOKENS_PER_SUCCESS = 0.1;
const MAX_TOKENS = 10;

/** One budget an environment. It starts with one token, for ten thousand new environments start together. */
export function createRetryBudget(): RetryBudget {
  let tokens = TOKENS_AT_START;
  return {
    hasToken: () => tokens >= 1,
    spend: () => void (tokens = Math.max(0, tokens - 1)),
    earn: () => void (tokens = Math.min(MAX_TOKENS, tokens + TOKENS_PER_SUCCESS)),
  };
}
