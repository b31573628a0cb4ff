import { InvalidRequest } from '#platform/errors.ts';
import type { InvocationContext } from './entry-handler.ts';
import { showValue } from './shown.ts';

/** API Gateway gives up on a buffered reply after 29 s, counted from when it took the request. */
const GATEWAY_LIMIT_MS = 28_500;
/** What is kept back for ledger, counters and the reply's way home; of a short call, a fifth. */
const SETTLEMENT_RESERVE_MS = 1_500;

export interface DeadlineInput {
  readonly nowMs: number;
  readonly context: InvocationContext;
  /** The endpoint's own limit. */
  readonly timeoutMs: number;
  /** The caller's wish, `x-weir-timeout-ms`. */
  readonly wishedMs?: number;
  /** When API Gateway took the request; absent for queue messages. */
  readonly requestTimeMs?: number;
}

/**
 * The moment by which upstream work must be over: the smallest of all limits, less the settlement reserve. It is the only
 * deadline of a call; everything that waits is clamped to it.
 */
export function deadlineAtMs({ nowMs, context, timeoutMs, wishedMs, requestTimeMs }: DeadlineInput): number {
  const limitsMs = [
    timeoutMs,
    context.getRemainingTimeInMillis(),
    wishedMs ?? Infinity,
    requestTimeMs === undefined ? Infinity : requestTimeMs + GATEWAY_LIMIT_MS - nowMs,
  ];
  const leftMs = Math.max(0, Math.min(...limitsMs));
  // Whole milliseconds: the SDK takes no other timeout.
  return nowMs + Math.floor(leftMs - Math.min(SETTLEMENT_RESERVE_MS, leftMs / 5));
}

/** Reads `x-weir-timeout-ms`. @throws InvalidRequest */
export function parseTimeoutWish(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const wishedMs = Number(header);
  if (/^\d{1,9}$/.test(header) && wishedMs > 0) return wishedMs;
  const message = `x-weir-timeout-ms must be a whole number of milliseconds from 1 to 999999999, but ${showValue(header)} was provided`;
  throw new InvalidRequest([{ field: 'x-weir-timeout-ms', message }]);
}
