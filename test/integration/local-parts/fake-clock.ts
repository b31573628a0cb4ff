import type { Clock } from '#platform/clock.ts';

/** A clock that a test turns by hand: visibility passes without anybody sleeping. */
export class FakeClock implements Clock {
  #nowMs = Date.UTC(2026, 10, 22);
  readonly #timers = new Set<{ atMs: number; fire: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  startTimer(fire: () => void, delayMs: number): () => void {
    const timer = { atMs: this.#nowMs + delayMs, fire };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** How many timers are set: a long poll that waits has one. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Turns the clock and fires what became due, in order. */
  advance(ms: number): void {
    this.#nowMs += ms;
    const due = [...this.#timers].filter(({ atMs }) => atMs <= this.#nowMs).sort((a, b) => a.atMs - b.atMs);
    for (const timer of due) {
      this.#timers.delete(timer);
      timer.fire();
    }
  }
}

/** Waits, by turns of the event loop and not by time, until what a socket brings has been dealt with. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let turn = 0; !isSo(); turn++) {
    if (turn > 100_000) throw new Error('it never came to be so');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
