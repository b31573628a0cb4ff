/**
 * A token bucket that keeps retries a small share of traffic: a success earns a tenth of a token, a retry spends one. An
 * upstream that fails for everybody is so asked once a call, not three times (R6).
 */
export interface RetryBudget {
  hasToken(): boolean;
  spend(): void;
  earn(): void;
}

// In tenths of a token, for ten times 0.1 is less than 1.
const TENTHS_A_TOKEN = 10;
const TENTHS_AT_START = 10;
const MAX_TENTHS = 100;

/** One budget an environment. It starts with one token, for ten thousand new environments start together. */
export function createRetryBudget(): RetryBudget {
  let tenths = TENTHS_AT_START;
  return {
    hasToken: () => tenths >= TENTHS_A_TOKEN,
    spend: () => void (tenths = Math.max(0, tenths - TENTHS_A_TOKEN)),
    earn: () => void (tenths = Math.min(MAX_TENTHS, tenths + 1)),
  };
}
