import { InvalidRequest } from '#platform/errors.ts';
import type { InvocationContext } from './invocation-context.ts';
import { showValue } from './shown.ts';

/** API Gateway gives up on a buffered reply after 29 s, counted from when it took the request. */
const GATEWAY_LIMIT_MS = 28_500;
/** What is kept back for ledger, counters and the reply's way home; of a short call, a fifth. */
const SETTLEMENT_RESERVE_MS = 1_500;

/** The moments of a call, in epoch milliseconds, in their order. */
export interface CallTimes {
  /** Upstream work must be over: the deadline, to which everything that waits is clamped. */
  readonly workUntilMs: number;
  /** Settling gives way to the reply, or the platform would give another one. */
  readonly replyByMs: number;
  /** The platform kills the process. */
  readonly killAtMs: number;
}

export interface TimesInput {
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
 * The smallest of all limits, less the settlement reserve, is the deadline. A wish of the caller's or the endpoint's own
 * limit does not cut settling short; what the platform enforces does, for nobody would hear the reply.
 */
export function callTimes({ nowMs, context, timeoutMs, wishedMs, requestTimeMs }: TimesInput): CallTimes {
  const remainingMs = context.getRemainingTimeInMillis();
  const gatewayMs = requestTimeMs === undefined ? Infinity : requestTimeMs + GATEWAY_LIMIT_MS - nowMs;
  const platformMs = Math.max(0, Math.min(remainingMs, gatewayMs));
  const leftMs = Math.max(0, Math.min(platformMs, timeoutMs, wishedMs ?? Infinity));
  return {
    // Whole milliseconds: node's timers know no others.
    workUntilMs: nowMs + Math.floor(leftMs - reserveOf(leftMs)),
    replyByMs: nowMs + Math.floor(platformMs - reserveOf(platformMs) / 3),
    killAtMs: nowMs + remainingMs,
  };
}

function reserveOf(leftMs: number): number {
  return Math.min(SETTLEMENT_RESERVE_MS, leftMs / 5);
}

/** Reads `x-weir-timeout-ms`. @throws InvalidRequest */
export function parseTimeoutWish(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const wishedMs = Number(header);
  if (/^\d{1,9}$/.test(header) && wishedMs > 0) return wishedMs;
  const message = `x-weir-timeout-ms must be a whole number of milliseconds from 1 to 999999999, but ${showValue(header)} was provided`;
  throw new InvalidRequest([{ field: 'x-weir-timeout-ms', message }]);
}
