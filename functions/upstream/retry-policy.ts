import type { FailureClass } from './failure.ts';

/** What a call knows after an attempt failed. */
export interface RetryState {
  readonly failure: { readonly class: FailureClass; readonly retryAfterMs?: number };
  /** Attempts made with the current model, the failed one included. */
  readonly attemptsOnModel: number;
  /** Further upstream requests that this call may make (R8). */
  readonly retriesLeft: number;
  /** The key ring has something new to offer after a 401. */
  readonly keyIsWorthARetry: boolean;
  /** The environment's retry budget has a token. */
  readonly budgetAllows: boolean;
  readonly hasFallback: boolean;
  readonly remainingMs: number;
  /** Uniform in [0, 1). */
  readonly random: number;
}

export type RetryDecision =
  | { readonly action: 'retry' | 'fallback'; readonly delayMs: number; readonly spendsBudget: boolean }
  | { readonly action: 'stop' };

const STOP: RetryDecision = { action: 'stop' };
const BASE_DELAY_MS = 250;
const MAX_DELAY_MS = 8_000;
/** With less time than this an attempt would be cut off before it could be answered. */
export const SHORTEST_ATTEMPT_MS = 250;

/** How often a class is tried on one model before the fallback or the end. */
const TRIES_ON_MODEL: Record<FailureClass, number> = {
  invalid: 1,
  policy: 1,
  credential: 2,
  configuration: 1,
  'model-not-found': 1,
  timeout: 3,
  unreachable: 3,
  conflict: 2,
  'too-large': 1,
  throttled: 3,
  quota: 1,
  failed: 2,
  overloaded: 2,
  protocol: 2,
  cancelled: 1,
};

/** Where another model may do better than the same one again. */
const FALLS_BACK = new Set<FailureClass>(['failed', 'overloaded', 'model-not-found']);
/** Not load but a wrong setting: a repeat adds nothing to an upstream's trouble, so it needs no token. */
const FREE = new Set<FailureClass>(['credential', 'model-not-found']);

/**
 * Retry, fall back or stop: a pure function. Full jitter over an exponential delay
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), at least what `Retry-After` asks. A delay
 * that passes the deadline is not waited for: the call fails now.
 */
export function decideRetry(state: RetryState): RetryDecision {
  const { failure, attemptsOnModel, hasFallback } = state;
  const spendsBudget = !FREE.has(failure.class);
  if (state.retriesLeft <= 0 || (spendsBudget && !state.budgetAllows)) return STOP;
  if (failure.class === 'credential' && !state.keyIsWorthARetry) return STOP;

  const delayMs = delayFor(state);
  if (delayMs + SHORTEST_ATTEMPT_MS > state.remainingMs) return STOP;
  if (attemptsOnModel < TRIES_ON_MODEL[failure.class]) return { action: 'retry', delayMs, spendsBudget };
  if (hasFallback && FALLS_BACK.has(failure.class)) return { action: 'fallback', delayMs: 0, spendsBudget };
  return STOP;
}

function delayFor({ failure, attemptsOnModel, random }: RetryState): number {
  if (failure.class === 'credential') return 0;
  const ceilingMs = Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** (attemptsOnModel - 1));
  return (failure.retryAfterMs ?? 0) + random * ceilingMs;
}
