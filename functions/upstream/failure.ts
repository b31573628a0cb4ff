import { WeirError, type WeirErrorOptions } from '#platform/errors.ts';
import type { Seen } from './seen.ts';
import type { Served } from './served.ts';
import type { ToldError } from './told-error.ts';

/** What a failed attempt means. Each class has one row below; what to do about it is decided by the retry policy. */
export type FailureClass =
  | 'invalid'
  | 'policy'
  | 'credential'
  | 'configuration'
  | 'model-not-found'
  | 'timeout'
  | 'unreachable'
  | 'conflict'
  | 'too-large'
  | 'throttled'
  | 'quota'
  | 'failed'
  | 'overloaded'
  | 'protocol'
  | 'cancelled';

/** One failed attempt, reduced to what may be logged: no message of OpenAI's, which can quote the prompt or the key. */
export interface Failure {
  readonly class: FailureClass;
  readonly status?: number;
  /** OpenAI's error code, where it is a plain word. */
  readonly code?: string;
  readonly requestId?: string;
  /** The least wait that OpenAI asked for. */
  readonly retryAfterMs?: number;
}

/** What is known beside the failure itself. */
interface FailureFacts {
  readonly served?: Served | undefined;
  readonly seen?: Seen | undefined;
  readonly told?: ToldError | undefined;
}

/** An attempt that failed. Only the loop over attempts sees it; a caller sees the reply that belongs to its class. */
export class UpstreamFailure extends Error {
  readonly failure: Failure;
  /** What a reply that arrived and says it failed has used. */
  readonly served: Served | undefined;
  /** What was seen of an answer that was cut in the middle. */
  readonly seen: Seen | undefined;
  /** What OpenAI found wrong with the request, in its own words. */
  readonly told: ToldError | undefined;

  constructor(failure: Failure, { served, seen, told }: FailureFacts = {}) {
    super(`the upstream failed: ${failure.class}`);
    this.name = 'UpstreamFailure';
    this.failure = failure;
    this.served = served;
    this.seen = seen;
    this.told = told;
  }
}

/** Something that answered 200, and is no answer. */
export function protocolFailure(requestId: string | undefined, facts?: FailureFacts): UpstreamFailure {
  return new UpstreamFailure({ class: 'protocol', status: 200, ...(requestId !== undefined && { requestId }) }, facts);
}

/** OpenAI may have done, and billed, the work of an attempt that ended so. */
export function mayHaveBilled(failure: Failure): boolean {
  return failure.class === 'timeout' || failure.class === 'protocol' || failure.class === 'cancelled';
}

interface Row {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly shouldRetry?: boolean;
  /** Told where OpenAI named no wait of its own. */
  readonly retryAfterMs?: number;
}

/** What the caller is told, class by class. The upstream's own 401 and 403 are never the caller's: they become 502. */
const REPLIES: Record<Exclude<FailureClass, 'cancelled'>, Row> = {
  invalid: { status: 400, code: 'upstream_rejected', message: 'the model refused the request as invalid' },
  policy: { status: 400, code: 'content_policy', message: 'the request was refused by the content policy' },
  credential: { status: 502, code: 'upstream_credential', message: 'the upstream did not accept our credential' },
  configuration: {
    status: 502,
    code: 'upstream_configuration',
    message: 'the upstream is not set up for this request',
  },
  'model-not-found': { status: 502, code: 'model_not_found', message: 'the model of this endpoint is not available' },
  timeout: { status: 504, code: 'upstream_timeout', message: 'the upstream gave no answer', shouldRetry: false },
  unreachable: {
    status: 504,
    code: 'upstream_unreachable',
    message: 'the upstream cannot be reached',
    shouldRetry: false,
  },
  conflict: { status: 502, code: 'upstream_conflict', message: 'the upstream reported a conflict' },
  'too-large': { status: 413, code: 'too_large', message: 'the request is larger than the model or its limits allow' },
  throttled: {
    status: 429,
    code: 'upstream_throttled',
    message: 'the upstream allows no more requests for now',
    retryAfterMs: 1000,
  },
  quota: { status: 503, code: 'upstream_quota', message: 'the quota at the upstream is used up', shouldRetry: false },
  failed: { status: 502, code: 'upstream_failed', message: 'the upstream failed' },
  overloaded: { status: 503, code: 'upstream_overloaded', message: 'the upstream is overloaded' },
  protocol: { status: 502, code: 'upstream_protocol', message: 'the upstream sent something that is not an answer' },
};

/** The error for the caller, from the failure of the last attempt. */
export function replyFor(failure: Failure): WeirError {
  const row = REPLIES[failure.class === 'cancelled' ? 'timeout' : failure.class];
  const status = failure.class === 'invalid' && failure.status === 422 ? 422 : row.status;
  const retryAfterMs = failure.retryAfterMs ?? row.retryAfterMs;
  const options: WeirErrorOptions = {
    ...(row.shouldRetry !== undefined && { shouldRetry: row.shouldRetry }),
    ...(retryAfterMs !== undefined && { retryAfterSeconds: Math.ceil(retryAfterMs / 1000) }),
    details: {
      ...(failure.code !== undefined && { upstreamCode: failure.code }),
      ...(failure.requestId !== undefined && { upstreamRequestId: failure.requestId }),
    },
  };
  return new WeirError(row.code, status, row.message, options);
}

/**
 * The same for who wrote the request in OpenAI's own words: what OpenAI found wrong with it is told, and a model that is not there
 * is the caller's choice.
 */
export function replyToAuthor({ failure, told }: UpstreamFailure): WeirError {
  if (failure.class === 'model-not-found') {
    return new WeirError('model_not_found', 400, 'the model does not exist, or this deployment may not use it');
  }
  const reply = replyFor(failure);
  if (!told) return reply;
  return new WeirError(reply.code, reply.status, reply.message, { details: { ...reply.details, upstreamError: told } });
}
