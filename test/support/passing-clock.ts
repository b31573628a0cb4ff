import type { Clock } from '#platform/clock.ts';

/** Time that passes by itself: a wait is over in the next turn of the event loop, and the clock has moved on by as much. */
export class PassingClock implements Clock {
  #nowMs: number;

  constructor(atMs: number) {
    this.#nowMs = atMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  startTimer(fire: () => void, delayMs: number): () => void {
    const dueMs = this.#nowMs + delayMs;
    const due = setImmediate(() => {
      this.#nowMs = Math.max(this.#nowMs, dueMs);
      fire();
    });
    return () => clearImmediate(due);
  }
}
