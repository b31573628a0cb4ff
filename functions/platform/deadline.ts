import type { Clock } from './clock.ts';
import { DeadlineExceeded } from './errors.ts';

/**
 * The one moment by which a call's upstream work must be over. Attempts, backoff, `Retry-After` and every wait are
 * clamped to it; what is left after it (the settlement reserve) belongs to the ledger and the budgets.
 */
export interface Deadline {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** Aborts at the deadline with `DeadlineExceeded`, or earlier with the reason given to `cancel`. */
  readonly signal: AbortSignal;
  /** Milliseconds left, never negative. */
  remainingMs(): number;
  /** Ends the call before its time (the caller went away). */
  cancel(reason: Error): void;
  /** Drops the timer. To be called when the call is over. */
  dispose(): void;
}

/** Starts a deadline that ends at `atMs` (epoch). */
export function startDeadline(clock: Clock, atMs: number): Deadline {
  const controller = new AbortController();
  const startedMs = clock.nowMs();
  const expire = () => controller.abort(new DeadlineExceeded({ limitMs: atMs - startedMs }));
  const stopTimer = clock.startTimer(expire, Math.max(0, atMs - startedMs));
  return {
    atMs,
    signal: controller.signal,
    remainingMs: () => Math.max(0, atMs - clock.nowMs()),
    cancel(reason) {
      stopTimer();
      controller.abort(reason);
    },
    dispose: stopTimer,
  };
}
