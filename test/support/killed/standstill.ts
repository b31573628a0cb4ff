import type { CrossingRequest } from './crossing.ts';
import type { KillPoint } from './kill-points.ts';

/** What was under way together in the rehearsal may come one after the other, or not at all: who waits for it waits so long. */
const STALLED_MS = 500;

/** Brings a process to a point, and keeps it there: nothing lands any more, and nothing is answered. Then the process is killed, or goes on. */
export class Standstill {
  /** Settles when the process is at its point. */
  readonly reached: Promise<void>;
  readonly #point: KillPoint;
  readonly #reach: () => void;
  /** What has to land before the process is killed. */
  readonly #awaited: Set<string>;
  /** What must not. */
  #heldBack: CrossingRequest[] = [];
  #request: CrossingRequest | undefined;
  #isReached = false;
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(point: KillPoint) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.reached = promise;
    this.#point = point;
    this.#reach = resolve;
    this.#awaited = new Set(point.when === 'before' ? point.beside : []);
  }

  readonly onRequest = async (request: CrossingRequest): Promise<void> => {
    if (this.#isOver) return request.pass();
    if (this.#isReached) return void this.#heldBack.push(request);
    const { when, request: name, beside } = this.#point;
    if (request.name === name) return this.#meet(request);
    if (!beside.includes(request.name)) return request.pass();
    if (when !== 'before') {
      this.#heldBack.push(request);
      return when === 'after' ? this.#watch() : this.#stop();
    }
    await request.pass();
    this.#awaited.delete(request.name);
    if (this.#request && this.#awaited.size === 0) this.#stop();
  };

  /** The request of the point was on its way all the time, and lands now. */
  async landLate(): Promise<void> {
    await this.#request?.land();
  }

  /** The process was only slow, and nothing holds it any more. What stood here lands only now, or is lost on the way. */
  async release(how: 'land' | 'lose'): Promise<void> {
    this.#isOver = true;
    const held = [...(this.#request ? [this.#request] : []), ...this.#heldBack];
    if (how === 'land') await Promise.all(held.map((request) => request.pass()));
    else for (const request of held) request.lose();
  }

  async #meet(request: CrossingRequest): Promise<void> {
    this.#request = request;
    if (this.#awaited.size > 0) return this.#watch();
    this.#isReached = true;
    if (this.#point.when === 'after') await request.land();
    this.#stop();
  }

  #watch(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#request) return this.#stop();
      const held = this.#heldBack;
      this.#heldBack = [];
      for (const each of held) void each.pass();
    }, STALLED_MS);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#isReached = true;
    this.#reach();
  }
}
