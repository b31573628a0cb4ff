import { settlePiece, takePiece, type Budget, type Piece, type Taken } from './budget.ts';
import { Part, type Totals } from './part.ts';
import type { ShardedBudget } from './sharded-budget.ts';
import type { World } from './world.ts';

export interface EscrowTerms {
  /** A purse is drawn for so many calls like the one that draws it … */
  readonly callsAPurse: number;
  /** … but takes no more than one in so many of what its shard has left … */
  readonly leastPursesLeft: number;
  /** … and at least so many calls' worth: below, calls hold in the shards. */
  readonly leastCallsAPurse: number;
  readonly usedForMs: number;
  /** By how much that time differs from purse to purse, up and down: what was drawn together is not drawn again together. */
  readonly jitter: number;
  /**
   * How the drawer knows what is left. `reading`: it reads all shards before each draw. `condition`: the draw itself says
   * `available ≥ leastPursesLeft × float`, and where that fails, calls hold in the shards for `directForMs`.
   */
  readonly drawBy: 'reading' | 'condition';
  readonly directForMs: number;
  /** What a float adds to its shard, and a call to its purse. */
  readonly floatBytes: number;
  readonly holdBytes: number;
  readonly purseBaseBytes: number;
}

interface Purse {
  readonly part: Part;
  readonly float: Piece;
  readonly usableUntilMs: number;
  closed: boolean;
}

/** What an environment knows. */
interface Till {
  purse?: Purse | undefined;
  waiting?: (() => void)[] | undefined;
  directUntilMs: number;
}

/** An expired purse is closed a minute later. */
const EXPIRY_MARGIN_MS = 60_000;
const SWEEP_EVERY_MS = 60_000;
const ATTEMPTS = 3;

/**
 * Escrow over a sharded budget, with the rules of functions/budgets/purses.ts: each environment draws a purse from a shard, uses it for
 * a while, and closes it when it draws the next. What calls still hold in then, and what idle environments leave, the sweeper closes.
 */
export class Escrow implements Budget {
  readonly totals: Totals;
  readonly shards: ShardedBudget;
  readonly #world: World;
  readonly #terms: EscrowTerms;
  readonly #tills = new Map<number, Till>();
  readonly #open = new Set<Purse>();
  /** Purses drawn so far. */
  draws = 0;

  constructor(world: World, shards: ShardedBudget, terms: EscrowTerms) {
    this.#world = world;
    this.shards = shards;
    this.totals = shards.totals;
    this.#terms = terms;
  }

  *parts(): Iterable<Part> {
    yield* this.shards.parts();
    for (const { part } of this.#open) yield part;
  }

  /** Money that lies in purses and is held by no call. */
  idle(): number {
    let sum = 0;
    for (const { part } of this.#open) sum += part.available;
    return sum;
  }

  prepare(environment: number, amount: number, ready: () => void): void {
    const till = this.#till(environment);
    const now = this.#world.queue.nowMs;
    if ((till.purse && now < till.purse.usableUntilMs) || now < till.directUntilMs) ready();
    else if (till.waiting) till.waiting.push(ready);
    else {
      till.waiting = [ready];
      this.#retire(till, till.purse, () =>
        this.#draw(amount, (purse) => {
          till.purse = purse;
          if (!purse) till.directUntilMs = this.#world.queue.nowMs + this.#terms.directForMs;
          const waiting = till.waiting!;
          till.waiting = undefined;
          for (const each of waiting) each();
        }),
      );
    }
  }

  take(environment: number, amount: number, done: (taken: Taken) => void): void {
    const till = this.#till(environment);
    const { purse } = till;
    if (!purse) {
      this.shards.take(environment, amount, done);
      return;
    }
    takePiece(this.#world, purse.part, amount, this.#terms.holdBytes, (piece) => {
      if (piece) done({ outcome: 'held', pieces: [piece] });
      else done({ outcome: 'empty', retire: (retired) => this.#retire(till, purse, retired) });
    });
  }

  settle(pieces: readonly Piece[], actual: number, done: () => void): void {
    this.shards.settle(pieces, actual, done);
  }

  /** In a purse that has been in use for `age` of its time. */
  seed(environment: number, amount: number): readonly Piece[] {
    const { part } = this.#till(environment).purse!;
    part.hold(amount, this.#terms.holdBytes);
    return [{ part, amount, bytes: this.#terms.holdBytes, takenMs: this.#world.queue.nowMs }];
  }

  /** A purse that stands from the beginning, without a request: used up to a share of its time and of its money. */
  seedPurse(environment: number, float: number, age: number, used: number): void {
    const { floatBytes, usedForMs } = this.#terms;
    const home = this.shards.first(environment);
    home.hold(float, floatBytes);
    const { nowMs } = this.#world.queue;
    const piece = { part: home, amount: float, bytes: floatBytes, takenMs: nowMs };
    const purse = this.#put(piece, nowMs + (1 - age) * usedForMs);
    const spent = Math.floor(float * used);
    purse.part.hold(spent, 0);
    purse.part.settle(spent, spent, 0);
    this.#till(environment).purse = purse;
  }

  /** `undefined`: so little is left, or the shards are so busy, that calls hold in the shards themselves. */
  #draw(amount: number, done: (purse: Purse | undefined) => void): void {
    const { callsAPurse, leastPursesLeft, leastCallsAPurse, drawBy } = this.#terms;
    const { shards } = this.shards;
    const at = Math.floor(this.#world.random() * shards.length);
    if (drawBy === 'condition') {
      const float = amount * callsAPurse;
      this.#drawFrom(shards[at]!, float, leastPursesLeft, (purse, isThrottled) => {
        if (!isThrottled || shards.length === 1) done(purse);
        else this.#drawFrom(shards[(at + 1) % shards.length]!, float, leastPursesLeft, done);
      });
    } else {
      this.shards.look(shards[at]!, (seen) => {
        const float = Math.min(amount * callsAPurse, Math.floor((seen?.[at]?.available ?? 0) / leastPursesLeft));
        if (float < leastCallsAPurse * amount) done(undefined);
        else this.#drawFrom(shards[at]!, float, 1, done);
      });
    }
  }

  #drawFrom(
    ...[home, float, leastPursesLeft, done]: [
      home: Part,
      float: number,
      leastPursesLeft: number,
      done: (purse: Purse | undefined, isThrottled: boolean) => void,
    ]
  ): void {
    const { queue, random, dynamo } = this.#world;
    const { floatBytes, usedForMs, jitter } = this.#terms;
    const usableUntilMs = queue.nowMs + usedForMs * (1 + jitter * (2 * random() - 1));
    let piece: Piece | undefined;
    const act = () => {
      if (home.available < float * leastPursesLeft || !home.hold(float, floatBytes)) return false;
      piece = { part: home, amount: float, bytes: floatBytes, takenMs: queue.nowMs };
      return true;
    };
    dynamo.write(home, floatBytes, 1, act, (written) => {
      if (!piece) {
        done(undefined, written === 'throttled');
        return;
      }
      this.draws++;
      const purse = this.#put(piece, usableUntilMs);
      dynamo.write(
        purse.part,
        0,
        ATTEMPTS,
        () => true,
        () => done(purse, false),
      );
    });
  }

  #put(float: Piece, usableUntilMs: number): Purse {
    const purse = {
      part: new Part(float.amount, this.#terms.purseBaseBytes, this.totals),
      float,
      usableUntilMs,
      closed: false,
    };
    this.#open.add(purse);
    this.#sweepAt(purse, usableUntilMs + EXPIRY_MARGIN_MS);
    return purse;
  }

  /** The next call draws a new one. This one's money goes back at once where no call holds any of it. */
  #retire(till: Till, purse: Purse | undefined, done: () => void): void {
    if (!purse || till.purse !== purse) done();
    else {
      till.purse = undefined;
      this.#close(purse, done);
    }
  }

  #close(purse: Purse, done: () => void): void {
    const freeze = () => {
      purse.part.frozen = true;
      return true;
    };
    this.#world.dynamo.write(purse.part, 0, ATTEMPTS, freeze, () => {
      if (!purse.part.frozen || purse.part.holds > 0 || purse.closed) done();
      else {
        purse.closed = true;
        this.#open.delete(purse);
        purse.part.leaveTotals();
        settlePiece(this.#world, purse.float, purse.part.spent, done);
      }
    });
  }

  #sweepAt(purse: Purse, dueMs: number): void {
    const { queue, random } = this.#world;
    const sweepMs = Math.ceil(Math.max(dueMs, queue.nowMs) / SWEEP_EVERY_MS + random()) * SWEEP_EVERY_MS;
    queue.after(sweepMs - queue.nowMs, () => {
      if (purse.closed) return;
      this.#close(purse, () => {
        if (!purse.closed) this.#sweepAt(purse, queue.nowMs);
      });
    });
  }

  #till(environment: number): Till {
    let till = this.#tills.get(environment);
    if (!till) this.#tills.set(environment, (till = { directUntilMs: -1 }));
    return till;
  }
}
