import type { Clock } from '#platform/clock.ts';

interface Timer {
  readonly dueMs: number;
  readonly fire: () => void;
}

/** Time that passes by itself while somebody waits: each turn of the event loop is a millisecond. */
export class PassingClock implements Clock {
  #nowMs: number;
  #isPassing = false;
  readonly #timers = new Set<Timer>();

  constructor(atMs: number) {
    this.#nowMs = atMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  startTimer(fire: () => void, delayMs: number): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, fire };
    this.#timers.add(timer);
    if (!this.#isPassing) this.#pass();
    return () => this.#timers.delete(timer);
  }

  #pass(): void {
    this.#isPassing = this.#timers.size > 0;
    if (!this.#isPassing) return;
    setImmediate(() => {
      this.#nowMs += 1;
      for (const timer of this.#timers) if (timer.dueMs <= this.#nowMs && this.#timers.delete(timer)) timer.fire();
      this.#pass();
    });
  }
}
