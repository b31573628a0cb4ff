/** Time as the rest of Weir sees it. Tests put a fake in its place, so no other file reads the time or sets a timer. */
export interface Clock {
  /** Milliseconds since the epoch (UTC). */
  nowMs(): number;
  /** Calls `fire` once after `delayMs`; returns the function that cancels it. */
  startTimer(fire: () => void, delayMs: number): () => void;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  startTimer(fire, delayMs) {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
};

/**
 * Waits `delayMs`, or less when `signal` aborts. Leaves neither timer nor listener behind.
 * @throws the signal's reason, when it aborts first
 */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(asError(signal.reason));
    const onAbort = () => {
      cancel();
      reject(asError(signal.reason));
    };
    const cancel = clock.startTimer(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
