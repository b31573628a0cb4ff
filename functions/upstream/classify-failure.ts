import { APIConnectionTimeoutError, APIError, APIUserAbortError, APIConnectionError } from 'openai/error';
import type { Failure, FailureClass } from './failure.ts';

/** Quotas do not come back by waiting a moment: no retry, and the breaker of that key opens. */
const PERSISTENT = new Set([
  'insufficient_quota',
  'credit_balance_exhausted',
  'organization_spend_limit_exceeded',
  'project_spend_limit_exceeded',
  'organization_usage_limit_exceeded',
  'billing_hard_limit_reached',
]);
const POLICY = new Set(['content_policy_violation', 'content_filter']);
/** No byte of the request reached anyone: it cannot have been billed. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

const DECIMAL = /^\d{1,12}(\.\d{1,12})?$/;

/** What an exception of the OpenAI SDK means. Looks at `status`, `error.code` and `error.type` (CASES.md, failure table). */
export function classifyFailure(error: unknown, nowMs: number): Failure {
  if (error instanceof APIUserAbortError) return { class: 'cancelled' };
  if (error instanceof APIConnectionTimeoutError) return { class: 'timeout' };
  if (error instanceof APIConnectionError) return { class: wasNeverSent(error) ? 'unreachable' : 'timeout' };
  if (error instanceof APIError && typeof error.status === 'number') return ofStatus(error, error.status, nowMs);
  // A body that is no JSON (SyntaxError), or was cut: something answered 200 and the answer is not there.
  return { class: 'protocol' };
}

/** What an error event in the middle of a stream means; its connection had begun well, so only its code can tell. */
export function failureOfEvent(error: { readonly code?: unknown }, requestId: string | undefined): Failure {
  const code = typeof error.code === 'string' && /^[a-z_]{1,64}$/.test(error.code) ? error.code : undefined;
  const words = code === undefined ? [] : [code];
  const facts = { status: 200, ...(code !== undefined && { code }), ...(requestId !== undefined && { requestId }) };
  if (words.some((word) => POLICY.has(word))) return { class: 'policy', ...facts };
  if (words.some((word) => PERSISTENT.has(word))) return { class: 'quota', ...facts };
  return { class: code === 'rate_limit_exceeded' ? 'throttled' : 'failed', ...facts };
}

function ofStatus(error: APIError, status: number, nowMs: number): Failure {
  const words = [error.code, error.type].filter((word): word is string => typeof word === 'string');
  const code = words.find((word) => /^[a-z_]{1,64}$/.test(word));
  const retryAfterMs = retryAfterOf(error.headers, nowMs);
  return {
    class: classOf(status, words, error.message),
    status,
    ...(code !== undefined && { code }),
    ...(typeof error.requestID === 'string' && { requestId: error.requestID }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

function classOf(status: number, words: readonly string[], message: string): FailureClass {
  if (words.some((word) => POLICY.has(word))) return 'policy';
  if (words.some((word) => PERSISTENT.has(word))) return 'quota';
  switch (status) {
    case 400:
    case 422:
      return 'invalid';
    case 401:
      return words.includes('invalid_api_key') ? 'credential' : 'configuration';
    case 404:
      return words.includes('model_not_found') ? 'model-not-found' : 'configuration';
    case 408:
    case 504:
    case 522:
    case 524:
      // A gateway's own time-out: behind it the work may have been done.
      return 'timeout';
    case 409:
      return 'conflict';
    case 413:
      return 'too-large';
    case 429:
      return /request too large/i.test(message) ? 'too-large' : 'throttled';
    case 503:
      return 'overloaded';
    default:
      return status >= 500 ? 'failed' : 'configuration';
  }
}

/** `retry-after-ms`, else `retry-after` in seconds or as a date. */
function retryAfterOf(headers: Headers | undefined, nowMs: number): number | undefined {
  const ms = headers?.get('retry-after-ms') ?? '';
  if (DECIMAL.test(ms)) return Number(ms);
  const text = headers?.get('retry-after') ?? '';
  const waitMs = DECIMAL.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : undefined;
}

function wasNeverSent(error: Error): boolean {
  const code = error.cause instanceof Error && 'code' in error.cause ? error.cause.code : undefined;
  return typeof code === 'string' && NEVER_SENT.has(code);
}
