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
  /** Ends what is under way before its time. */
  cancel(reason: Error): void;
  /** Drops the timer. To be called when the call is over. */
  dispose(): void;
}

/** Starts a deadline that ends at `atMs` (epoch). */
export function startDeadline(clock: Clock, atMs: number): Deadline {
  const controller = new AbortController();
  const startedMs = clock.nowMs();
  const expire = () => controller.abort(new DeadlineExceeded({ limitMs: Math.max(1, atMs - startedMs) }));
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

/** @throws the signal's reason when it comes first; the work itself goes on, and its result is dropped */
export function withinDeadline<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason instanceof Error ? signal.reason : new DeadlineExceeded());
    // Heard in any case: a rejection that nobody hears would end the process.
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
  });
}

/** Waits for the work until `atMs` (epoch) at the longest. False: it is not done, and goes on unheard. Never rejects. */
export function doneBefore(clock: Clock, atMs: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = clock.startTimer(() => resolve(false), Math.max(0, atMs - clock.nowMs()));
    const done = () => {
      cancel();
      resolve(true);
    };
    void work.finally(done).catch(() => undefined);
  });
}
