/**
 * Simulated time: actions in the order of their moments, and of their planning where moments are equal. A binary heap over
 * typed arrays, for a run plans tens of millions.
 */
export class EventQueue {
  /** Milliseconds since the run began. */
  nowMs = 0;
  #size = 0;
  #planned = 0;
  #moments = new Float64Array(1024);
  #orders = new Float64Array(1024);
  readonly #actions: (() => void)[] = [];

  /** Plans an action. */
  after(delayMs: number, action: () => void): void {
    if (this.#size === this.#moments.length) this.#grow();
    const moment = this.nowMs + delayMs;
    const order = this.#planned++;
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      // A new action is the last of its moment.
      if (this.#moments[parent]! <= moment) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#put(at, moment, order, action);
  }

  /** Does what is planned up to `untilMs`, that moment included, and stands there. */
  runUntil(untilMs: number): void {
    while (this.#size > 0 && this.#moments[0]! <= untilMs) {
      this.nowMs = this.#moments[0]!;
      this.#takeFirst()();
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  /** Does all that is planned, and all that this plans in turn. */
  runOut(): void {
    while (this.#size > 0) this.runUntil(this.#moments[0]!);
  }

  #takeFirst(): () => void {
    const first = this.#actions[0]!;
    const last = --this.#size;
    const moment = this.#moments[last]!;
    const order = this.#orders[last]!;
    const action = this.#actions[last]!;
    this.#actions.length = last;
    if (last === 0) return first;
    let at = 0;
    for (let child = 1; child < last; child = 2 * at + 1) {
      if (child + 1 < last && this.#isBefore(child + 1, this.#moments[child]!, this.#orders[child]!)) child++;
      if (!this.#isBefore(child, moment, order)) break;
      this.#move(child, at);
      at = child;
    }
    this.#put(at, moment, order, action);
    return first;
  }

  #isBefore(at: number, moment: number, order: number): boolean {
    const its = this.#moments[at]!;
    return its < moment || (its === moment && this.#orders[at]! < order);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#moments[from]!, this.#orders[from]!, this.#actions[from]!);
  }

  #put(at: number, moment: number, order: number, action: () => void): void {
    this.#moments[at] = moment;
    this.#orders[at] = order;
    this.#actions[at] = action;
  }

  #grow(): void {
    const larger = (old: Float64Array<ArrayBuffer>) => {
      const next = new Float64Array(old.length * 2);
      next.set(old);
      return next;
    };
    this.#moments = larger(this.#moments);
    this.#orders = larger(this.#orders);
  }
}
