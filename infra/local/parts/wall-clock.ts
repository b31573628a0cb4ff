import type { Clock } from '#platform/clock.ts';

/** The machine's own time, for the embedded parts when no test puts another clock in its place. */
export const wallClock: Clock = {
  nowMs: () => Date.now(),
  startTimer(fire, delayMs) {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
};
