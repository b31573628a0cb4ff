import { isThrottled } from '#platform/aws/signed-service.ts';
import { sleep, type Clock } from '#platform/clock.ts';
import { partKey, type Budget } from './budget.ts';
import type { BudgetBook, BudgetState } from './budget-book.ts';
import { statusOf, sumOf, type BudgetStatus } from './budget-status.ts';
import { heldPico, type Piece } from './hold.ts';
import type { PartState } from './part.ts';
import type { PartStore } from './part-store.ts';

export type Taken =
  | { readonly granted: true; readonly pieces: readonly Piece[] }
  | { readonly granted: false; readonly status: BudgetStatus }
  /** Pieces were given back: another round, with another id, may fare better. */
  | 'again';

export interface TakeRequest {
  readonly budget: Budget;
  readonly id: string;
  readonly amountPico: bigint;
  /** The stored value of a piece of so much. */
  readonly valueOf: (amountPico: bigint) => string;
  /** Gets every piece that is asked for, before it is asked: whoever gives the round up releases them all. */
  readonly asked: Piece[];
  /** When the platform kills the process: from then on it asks for nothing and gives nothing back. */
  readonly killAtMs: number;
  /** Counters where this id stands already. @default none */
  readonly without?: readonly string[];
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

/** More is asked of a budget's counters than they can take: whoever comes now is turned away, and nothing of it is tried again. */
export class BudgetBusy extends Error {
  constructor(key: string) {
    super(`the budget ${key} is too busy: it needs more shards`);
    this.name = 'BudgetBusy';
  }
}

/** A second throttled reserve is one too many. */
const MOST_THROTTLED = 1;
/** Of more shards than this a refused call looks at some only, for a second. */
const MOST_LOOKED_AT = 8;
interface Asking extends TakeRequest {
  /** Reserves that found their counter too busy. */
  throttled: number;
}

/** A condition may fail because the world moved between two requests; after so many moves nobody can say whether it fits. */
const MOST_TRIES = 8;
/** A counter that is frozen thaws, and one that is throttled cools, within a few requests. */
const MOVED_WAIT_MS = 15;
/** After a refusal an environment looks before it asks, for so long: a refused write costs as much as a granted one. */
const LOOK_FIRST_MS = 1_000;
/** A budget that is too busy even to be read refuses as it refused last, for so long. */
const REFUSAL_STANDS_MS = 1_000;
/** What an environment remembers of so many budgets; the oldest are forgotten. */
const MOST_REMEMBERED = 5_000;

/**
 * Where in a budget a hold stands: in the environment's own shard; if that has not enough, in another that has; if none has,
 * split over several, all or none.
 */
export class Placement {
  readonly #parts: PartStore;
  readonly #book: BudgetBook;
  readonly #clock: Clock;
  readonly #random: () => number;
  /** Spreads environments over the shards. */
  readonly #own: number;
  readonly #known = new Map<string, { shards: number; refusedAtMs?: number; status?: BudgetStatus }>();

  constructor(parts: PartStore, book: BudgetBook, clock: Clock, random: () => number) {
    this.#parts = parts;
    this.#book = book;
    this.#clock = clock;
    this.#random = random;
    this.#own = Math.floor(random() * 2 ** 30);
  }

  /** @throws when a counter does not answer, or the budget changes faster than it can be read */
  async take(request: TakeRequest): Promise<Taken> {
    const { budget, amountPico, without = [], signal } = request;
    const refused = await this.#glance(request);
    if (refused) return { granted: false, status: refused };
    const asking = { ...request, throttled: 0 };
    for (let tries = 1; tries <= MOST_TRIES; tries++) {
      const own = partKey(budget, this.#ownShard(budget));
      if (tries === 1 && !without.includes(own) && !this.#wasRefused(budget, LOOK_FIRST_MS)) {
        const piece = await this.#ask(asking, own, amountPico);
        if (piece) return { granted: true, pieces: [piece] };
      }
      const state = await this.#look(request);
      if ('status' in state) return { granted: false, status: state.status };
      const found = piecesOf(state, request) ?? (await this.#place(asking, state, own));
      if (found === 'given back') return 'again';
      if (found) return { granted: true, pieces: found };
      if (sumOf(usable(state, without), available) < amountPico) {
        const status = statusOf(budget, state);
        // Money in a frozen shard may be there in a moment; what is missing altogether is not.
        const isBeingChanged = state.shards.some((shard) => shard.frozen !== undefined);
        if (!isBeingChanged || status.availablePico < amountPico)
          return { granted: false, status: this.#refuse(budget, state) };
      }
      await sleep(this.#clock, tries === 1 ? 0 : this.#random() * MOVED_WAIT_MS * tries, signal);
    }
    throw new Error(`the budget ${budget.key} changes faster than it can be read`);
  }

  /** The budget as it stands; when it is too busy to be read, what it said last, if that was a refusal a moment ago. */
  async #look({ budget, amountPico }: TakeRequest): Promise<BudgetState | { readonly status: BudgetStatus }> {
    try {
      const state = await this.#book.openAndRead(budget);
      this.#remember(budget, { shards: state.head.head!.shards });
      return state;
    } catch (error) {
      const status = this.#known.get(budget.key)?.status;
      if (
        isThrottled(error) &&
        status &&
        this.#wasRefused(budget, REFUSAL_STANDS_MS) &&
        status.availablePico < amountPico
      )
        return { status };
      throw error;
    }
  }

  /** One shard that has enough; else the fewest that have enough together. */
  async #place(request: Asking, state: BudgetState, own: string): Promise<readonly Piece[] | 'given back' | undefined> {
    const { amountPico, without = [] } = request;
    const shards = usable(state, without).toSorted((a, b) => compare(b.availablePico, a.availablePico));
    const enough = shards.filter((shard) => shard.availablePico >= amountPico);
    // Not the own again, if there is another: it may have been too busy to answer.
    const others = enough.filter((shard) => shard.key !== own);
    const one = others[Math.floor(this.#random() * others.length)] ?? enough[0];
    if (one) {
      const piece = await this.#ask(request, one.key, amountPico);
      return piece && [piece];
    }
    if (sumOf(shards, available) < amountPico) return undefined;
    const plan: { key: string; pico: bigint }[] = [];
    let leftPico = amountPico;
    for (const { key, availablePico } of shards) {
      if (leftPico === 0n) break;
      const pico = availablePico < leftPico ? availablePico : leftPico;
      plan.push({ key, pico });
      leftPico -= pico;
    }
    const answers = await Promise.allSettled(plan.map(({ key, pico }) => this.#ask(request, key, pico)));
    // All are answered before anything is released: what lands after its release would stand until it expires.
    const silent = answers.find((answer) => answer.status === 'rejected');
    if (silent) throw silent.reason;
    const granted = answers.flatMap((answer) => (answer.status === 'fulfilled' && answer.value ? [answer.value] : []));
    if (granted.length === plan.length) return granted;
    // Not asked for again under this id: a release that is repeated might take the second hold for the first.
    if (this.#clock.nowMs() < request.killAtMs) {
      await Promise.all(granted.map((piece) => this.#parts.settle(piece, 0n)));
    }
    return 'given back';
  }

  async #ask(asking: Asking, part: string, amountPico: bigint): Promise<Piece | undefined> {
    const { id, valueOf, asked, killAtMs, budget } = asking;
    if (this.#clock.nowMs() >= killAtMs) throw new Error('the time of the process is over');
    const piece = { part, id, value: valueOf(amountPico) };
    asked.push(piece);
    const answer = await this.#parts.reserve(piece);
    if (answer === 'taken') return piece;
    // Known not to stand, and a counter that is too busy is spared the release.
    asked.splice(asked.indexOf(piece), 1);
    if (answer === 'throttled' && asking.throttled++ >= MOST_THROTTLED) throw new BudgetBusy(budget.key);
    return undefined;
  }

  /**
   * A budget of many shards that has refused a moment ago: some of them are looked at, for to look at all with each refused call
   * would use up what they can be read. Gives the refusal, if they have nothing either.
   */
  async #glance({ budget, amountPico }: TakeRequest): Promise<BudgetStatus | undefined> {
    const known = this.#known.get(budget.key);
    if (!known?.status || known.shards <= MOST_LOOKED_AT || !this.#wasRefused(budget, LOOK_FIRST_MS)) return undefined;
    const first = Math.floor(this.#random() * known.shards);
    const some = Array.from({ length: MOST_LOOKED_AT }, (_, at) => partKey(budget, (first + at) % known.shards));
    const looks = await Promise.all(some.map((part) => this.#parts.read(part)));
    const isThere = looks.some((shard) => shard && shard.frozen === undefined && shard.availablePico >= amountPico);
    return isThere || known.status.usablePico >= amountPico ? undefined : known.status;
  }

  #ownShard(budget: Budget): number {
    return this.#own % (this.#known.get(budget.key)?.shards ?? budget.shards);
  }

  #wasRefused({ key }: Budget, withinMs: number): boolean {
    return this.#clock.nowMs() - (this.#known.get(key)?.refusedAtMs ?? -Infinity) < withinMs;
  }

  #refuse(budget: Budget, state: BudgetState): BudgetStatus {
    const status = statusOf(budget, state);
    this.#remember(budget, { shards: state.head.head!.shards, refusedAtMs: this.#clock.nowMs(), status });
    return status;
  }

  #remember({ key }: Budget, fact: { shards: number; refusedAtMs?: number; status?: BudgetStatus }): void {
    const known = { ...this.#known.get(key), ...fact };
    this.#known.delete(key);
    this.#known.set(key, known);
    if (this.#known.size > MOST_REMEMBERED) this.#known.delete(this.#known.keys().next().value as string);
  }
}

/** The round's pieces, if they stand: the request landed although its answer said otherwise, or came twice. */
function piecesOf({ shards }: BudgetState, { id, amountPico, without = [] }: TakeRequest): Piece[] | undefined {
  const pieces = shards.flatMap(({ key, holds }) => {
    const value = holds.get(id);
    return value === undefined || without.includes(key) ? [] : [{ part: key, id, value }];
  });
  const sumPico = pieces.reduce((sum, piece) => sum + heldPico(piece.value), 0n);
  return pieces.length > 0 && sumPico === amountPico ? pieces : undefined;
}

/** Shards that can be taken from. */
function usable({ shards }: BudgetState, without: readonly string[]): PartState[] {
  return shards.filter(
    ({ key, frozen, availablePico }) => frozen === undefined && availablePico > 0n && !without.includes(key),
  );
}

function available(shard: PartState): bigint {
  return shard.availablePico;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
