import { settlePiece, takePiece, type Budget, type Piece, type Taken } from './budget.ts';
import type { Seen } from './dynamodb.ts';
import { Part, type Totals } from './part.ts';
import type { World } from './world.ts';

export interface ShardedTerms {
  /** Micro-units. */
  readonly limit: number;
  readonly shards: number;
  /** What a hold adds to the item. */
  readonly holdBytes: number;
  /** What an item has without holds. */
  readonly baseBytes: number;
}

/** The constants of functions/budgets/placement.ts. */
const MOST_TRIES = 8;
const MOST_LOOKED_AT = 8;
const MOVED_WAIT_MS = 15;
const REFUSAL_STANDS_MS = 1_000;

interface Ask {
  readonly environment: number;
  readonly amount: number;
  readonly own: Part;
  readonly done: (taken: Taken) => void;
  throttles: number;
}

/**
 * A budget on shards, with the rules of functions/budgets/placement.ts: the own shard; if that has not enough or is too busy, read
 * all, and another that has enough; if none has, split over several, all or none.
 */
export class ShardedBudget implements Budget {
  readonly totals: Totals = { available: 0, spent: 0 };
  readonly shards: readonly Part[];
  readonly #world: World;
  readonly #holdBytes: number;
  /** What environments remember of their last refusal. */
  readonly #refused = new Map<number, { readonly atMs: number; readonly available: number }>();

  constructor(world: World, { limit, shards, holdBytes, baseBytes }: ShardedTerms) {
    const share = Math.floor(limit / shards);
    this.#world = world;
    this.#holdBytes = holdBytes;
    this.shards = Array.from(
      { length: shards },
      (_, shard) => new Part(shard === 0 ? limit - share * (shards - 1) : share, baseBytes, this.totals),
    );
  }

  parts(): Iterable<Part> {
    return this.shards;
  }

  /** The environment's own shard. A hash, for environments do not come in order (Fibonacci hashing). */
  first(environment: number): Part {
    const share = (Math.imul(environment + 1, 0x9e3779b1) >>> 0) / 2 ** 32;
    return this.shards[Math.floor(share * this.shards.length)]!;
  }

  prepare(_environment: number, _amount: number, ready: () => void): void {
    ready();
  }

  take(environment: number, amount: number, done: (taken: Taken) => void): void {
    const ask = { environment, amount, own: this.first(environment), done, throttles: 0 };
    const { lookFirstMs, looks, glanceMs } = this.#world.habits;
    const isLarge = this.shards.length > MOST_LOOKED_AT;
    if (looks === 'glance' && isLarge && this.#refusal(environment, glanceMs)) this.#glance(ask);
    else if (this.#refusal(environment, lookFirstMs)) this.#look(ask, 1);
    else {
      takePiece(this.#world, ask.own, amount, this.#holdBytes, (piece, isThrottled) => {
        if (piece) done({ outcome: 'held', pieces: [piece] });
        else if (isThrottled) this.#throttled(ask, () => this.#look(ask, 1));
        else this.#look(ask, 1);
      });
    }
  }

  settle(pieces: readonly Piece[], actual: number, done: () => void): void {
    let left = actual;
    let open = pieces.length;
    for (const [at, piece] of pieces.entries()) {
      const charged = at === pieces.length - 1 ? left : Math.min(left, piece.amount);
      left -= charged;
      settlePiece(this.#world, piece, charged, () => {
        if (--open === 0) done();
      });
    }
  }

  seed(environment: number, amount: number): readonly Piece[] {
    const part = this.first(environment);
    part.hold(amount, this.#holdBytes);
    return [{ part, amount, bytes: this.#holdBytes, takenMs: this.#world.queue.nowMs }];
  }

  /** The head first, for it tells how many shards there are; then all others. Or the own shard and some others. */
  look(own: Part, done: (seen: readonly Seen[] | undefined) => void): void {
    const { dynamo, habits } = this.#world;
    if (this.shards.length > MOST_LOOKED_AT && habits.looks === 'some') {
      dynamo.read(this.#some(own), done);
      return;
    }
    const [head, ...others] = this.shards;
    dynamo.read([head!], (ofHead) => {
      if (!ofHead || others.length === 0) done(ofHead);
      else dynamo.read(others, (ofOthers) => done(ofOthers && [...ofHead, ...ofOthers]));
    });
  }

  /** A refusal of a moment ago stands, if none of a few shards has enough now. */
  #glance(ask: Ask): void {
    const refusal = this.#refusal(ask.environment, Infinity)!;
    this.#world.dynamo.read(this.#some(ask.own), (seen) => {
      const isThere = !seen || seen.some(({ available }) => available >= ask.amount);
      if (isThere || refusal.available >= ask.amount) this.#look(ask, 1);
      else ask.done({ outcome: 'refused' });
    });
  }

  #some(own: Part): Part[] {
    const chosen = new Set([own]);
    while (chosen.size < MOST_LOOKED_AT)
      chosen.add(this.shards[Math.floor(this.#world.random() * this.shards.length)]!);
    return [...chosen];
  }

  #look(ask: Ask, tries: number): void {
    this.look(ask.own, (seen) => {
      if (seen) this.#place(ask, seen, tries);
      else {
        // Too busy to be read: a refusal stands for a moment.
        const refusal = this.#refusal(ask.environment, REFUSAL_STANDS_MS);
        if (refusal && refusal.available < ask.amount) ask.done({ outcome: 'refused' });
        else ask.done({ outcome: 'unavailable', isFinal: this.#world.habits.mostThrottles < Infinity });
      }
    });
  }

  #place(ask: Ask, seen: readonly Seen[], tries: number): void {
    const { random, queue } = this.#world;
    const { amount, done } = ask;
    const sum = sumOf(seen);
    if (sum < amount) {
      this.#refused.set(ask.environment, { atMs: queue.nowMs, available: sum });
      done({ outcome: 'refused' });
      return;
    }
    const again = () => {
      if (tries >= MOST_TRIES) done({ outcome: 'unavailable', isFinal: false });
      else queue.after(tries === 1 ? 0 : random() * MOVED_WAIT_MS * tries, () => this.#look(ask, tries + 1));
    };
    this.#takeAll(this.#plan(ask, seen), (pieces, isThrottled) => {
      if (pieces) done({ outcome: 'held', pieces });
      else if (isThrottled) this.#throttled(ask, again);
      else again();
    });
  }

  #throttled(ask: Ask, goOn: () => void): void {
    if (++ask.throttles >= this.#world.habits.mostThrottles) ask.done({ outcome: 'unavailable', isFinal: true });
    else goOn();
  }

  /** One shard that has enough, not the own again if there is another; else the fullest together. */
  #plan({ amount, own }: Ask, seen: readonly Seen[]): [Part, number][] {
    const enough = seen.filter(({ available }) => available >= amount);
    const others = enough.filter(({ part }) => part !== own);
    const one = others[Math.floor(this.#world.random() * others.length)];
    if (one) return [[one.part, amount]];
    let left = amount;
    const plan: [Part, number][] = [];
    for (const { part, available } of seen.toSorted((a, b) => b.available - a.available)) {
      if (left === 0) break;
      const share = Math.min(left, available);
      plan.push([part, share]);
      left -= share;
    }
    return plan;
  }

  /** All or none. */
  #takeAll(
    plan: readonly [Part, number][],
    done: (pieces: readonly Piece[] | undefined, isThrottled: boolean) => void,
  ): void {
    const asked: (Piece | undefined)[] = [];
    let open = plan.length;
    let anyThrottled = false;
    for (const [at, [part, share]] of plan.entries()) {
      takePiece(this.#world, part, share, this.#holdBytes, (piece, isThrottled) => {
        asked[at] = piece;
        anyThrottled ||= isThrottled;
        if (--open > 0) return;
        const taken = asked.filter((each) => each !== undefined);
        if (taken.length === plan.length) done(taken, false);
        else this.#giveBack(taken, () => done(undefined, anyThrottled));
      });
    }
  }

  #giveBack(taken: readonly Piece[], done: () => void): void {
    if (taken.length === 0) done();
    else this.settle(taken, 0, done);
  }

  #refusal(environment: number, withinMs: number) {
    const refusal = this.#refused.get(environment);
    return refusal && this.#world.queue.nowMs - refusal.atMs < withinMs ? refusal : undefined;
  }
}

function sumOf(seen: readonly Seen[]): number {
  return seen.reduce((sum, { available }) => sum + Math.max(0, available), 0);
}
