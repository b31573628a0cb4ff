import type { Clock } from '#platform/clock.ts';

/** 2026-11-22, noon (UTC): every model of the price book has its price, and no day or month ends soon. */
const NOON_MS = Date.UTC(2026, 10, 22, 12);

interface Timer {
  readonly atMs: number;
  readonly fire: () => void;
}

/**
 * Time that stands still until a test turns it. A wait of 0 ms is the exception: it is due as it is set, and passes by
 * itself in the next turn of the event loop.
 *
 * Sockets go on in real time, so a test first waits for the moment that it means (`timersSet`, or a request that came
 * in), and then turns the clock.
 *
 * @example
 * const reply = weir.post('summarize', body);
 * await clock.timersSet(2); // the call's deadline, and the backoff before its second attempt
 * await clock.advance(250);
 */
export class FakeClock implements Clock {
  #nowMs: number;
  readonly #timers = new Set<Timer>();
  readonly #waiting = new Set<{ readonly count: number; readonly resolve: () => void }>();

  constructor(atMs = NOON_MS) {
    this.#nowMs = atMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  startTimer(fire: () => void, delayMs: number): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), fire };
    this.#timers.add(timer);
    if (delayMs <= 0) setImmediate(() => this.#fire(timer));
    for (const waiter of this.#waiting) if (this.#timers.size >= waiter.count) waiter.resolve();
    return () => this.#timers.delete(timer);
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Settles when so many timers are set at once. */
  async timersSet(count: number): Promise<void> {
    if (this.#timers.size >= count) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { count, resolve };
    this.#waiting.add(waiter);
    await promise.finally(() => this.#waiting.delete(waiter));
  }

  /** Turns the clock, firing what becomes due in order, each at its own time, and lets promises settle after each. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const next = this.#earliest();
      if (!next || next.atMs > untilMs) break;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      this.#fire(next);
      await nextTurn();
    }
    this.#nowMs = untilMs;
    await nextTurn();
  }

  #earliest(): Timer | undefined {
    let earliest: Timer | undefined;
    for (const timer of this.#timers) if (!earliest || timer.atMs < earliest.atMs) earliest = timer;
    return earliest;
  }

  #fire(timer: Timer): void {
    if (this.#timers.delete(timer)) timer.fire();
  }
}

/** A turn of the event loop, by which every promise that could settle has. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
