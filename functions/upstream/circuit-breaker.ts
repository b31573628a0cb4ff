import type { Clock } from '#platform/clock.ts';

/**
 * Stops calls on a key whose quota is used up: while it is open nothing is sent; after a delay one call probes, and its
 * end closes the breaker or opens it again for twice as long (R2).
 */
export interface CircuitBreaker {
  /** How long to wait before a request with this key makes sense; undefined: not at all. Changes nothing. */
  openForMs(keyVersion: string): number | undefined;
  /** A request with this key is about to be sent. @returns whether it is the probe: the breaker was open */
  sending(keyVersion: string): boolean;
  /** The key's quota is used up. */
  trip(keyVersion: string): void;
  /** Any other answer: the key has quota. */
  reset(keyVersion: string): void;
}

interface OpenState {
  /** Nothing is sent before this; then one request probes. */
  untilMs: number;
  delayMs: number;
  /** A probe is out, or was and told nothing. */
  probed: boolean;
}

const FIRST_DELAY_MS = 30_000;
const LONGEST_DELAY_MS = 10 * 60_000;

/** One breaker an environment, one state a key version: a rotated key starts closed. */
export function createCircuitBreaker(clock: Clock): CircuitBreaker {
  const open = new Map<string, OpenState>();
  return {
    openForMs(keyVersion) {
      const waitMs = (open.get(keyVersion)?.untilMs ?? 0) - clock.nowMs();
      return waitMs > 0 ? waitMs : undefined;
    },
    sending(keyVersion) {
      const state = open.get(keyVersion);
      // The probe has the next delay for itself: should it tell nothing, another one follows then.
      if (state) Object.assign(state, { probed: true, untilMs: clock.nowMs() + state.delayMs });
      return state !== undefined;
    },
    trip(keyVersion) {
      const before = open.get(keyVersion);
      // Requests that were under way together count as one trip: only a failed probe makes the wait longer.
      const factor = before?.probed ? 2 : 1;
      const delayMs = before ? Math.min(LONGEST_DELAY_MS, before.delayMs * factor) : FIRST_DELAY_MS;
      open.set(keyVersion, { untilMs: clock.nowMs() + delayMs, delayMs, probed: false });
    },
    reset: (keyVersion) => void open.delete(keyVersion),
  };
}
