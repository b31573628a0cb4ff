/**
 * A door that only the test opens: what reaches it waits there, and the test can wait until something has.
 * With two such doors any interleaving can be laid out, without a sleep.
 */
export class Gate {
  readonly #opened = Promise.withResolvers<void>();
  readonly #waiting: { arrivals: number; resolve: () => void }[] = [];
  #arrivals = 0;

  /** How many have come to the door so far, also those that were let through. */
  get arrivals(): number {
    return this.#arrivals;
  }

  /** Called by whatever is to be held: settles when the door is open. */
  pass(): Promise<void> {
    this.#arrivals += 1;
    for (const waiter of this.#waiting) if (waiter.arrivals <= this.#arrivals) waiter.resolve();
    return this.#opened.promise;
  }

  /** Called by the test: settles when this many have come to the door. @default 1 */
  reached(arrivals = 1): Promise<void> {
    if (this.#arrivals >= arrivals) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ arrivals, resolve });
    return promise;
  }

  /** Lets through all who wait and all who come later. */
  open(): void {
    this.#opened.resolve();
  }
}
