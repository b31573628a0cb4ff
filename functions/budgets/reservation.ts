import type { Clock } from '#platform/clock.ts';
import { isEscrow, type Budget } from './budget.ts';
import type { BudgetStatus } from './budget-status.ts';
import { holdId, holdValue, type HoldFacts, type OtherBudget, type Piece } from './hold.ts';
import type { PartStore } from './part-store.ts';
import { BudgetBusy, type Placement, type Taken } from './placement.ts';
import type { Purse, Purses } from './purses.ts';

/** What of a reservation stands in one budget. */
export interface Place {
  readonly budget: Budget;
  readonly pieces: readonly Piece[];
  /** Where it stands in purses, which. */
  readonly purses: readonly Purse[];
}

/** Money held for one call in all of its budgets. */
export interface Reservation {
  readonly amountPico: bigint;
  readonly facts: HoldFacts;
  /** The endpoint's month first. */
  readonly places: readonly Place[];
  /** Pieces that were asked for and not heard of: they may stand, and are worth nothing. */
  readonly strays: readonly Piece[];
}

export type ReservationOutcome =
  | { readonly granted: true; readonly reservation: Reservation }
  | {
      readonly granted: false;
      readonly status: BudgetStatus;
      /** Of another try with another amount. */
      readonly nextRound: number;
      /** Some request was not answered: a hold may come to stand of which nobody here knows. */
      readonly mayHoldUnawares: boolean;
    };

export interface ReservationRequest {
  /** The endpoint's month first. */
  readonly budgets: readonly Budget[];
  readonly amountPico: bigint;
  readonly facts: Omit<HoldFacts, 'round' | 'basePico' | 'others'>;
  /** The first round's number: an earlier reservation of the call used those before it. @default 0 */
  readonly firstRound?: number;
  readonly signal: AbortSignal;
  /** Asked before each further round: a process whose time is over touches no counter. */
  readonly mayGoOn: () => boolean;
}

/** The parts of the room that reserving needs. */
export interface Holding {
  readonly clock: Clock;
  readonly parts: PartStore;
  readonly placement: Placement;
  readonly purses: Purses;
}

const MOST_SILENT_ROUNDS = 3;
/** A purse may be emptied by others of the same environment; after so many rounds the shards themselves are asked. */
const MOST_EMPTY_PURSES = 2;
/** Rounds in which others were quicker. */
const MOST_REPEATS = 8;

/**
 * Holds `amountPico` in every budget, side by side, all or none.
 *
 * A counter that does not answer may or may not have taken the hold, now or later. So the round is given up, what it asked
 * for is released everywhere, and the next round has a new hold id. A hold of a lost round that lands late is found by
 * its expiry: the ledger entry names the pieces that count, and any other is worth nothing.
 *
 *     round 0   endpoint: held      caller: no answer ─┐ (lands later: worth 0, swept)
 *               endpoint: released  caller: released ◄─┘
 *     round 1   endpoint: held      caller: held         → granted
 *
 * @throws the last transport error, when no round was answered in full
 */
export async function reserve(holding: Holding, request: ReservationRequest): Promise<ReservationOutcome> {
  const { budgets, amountPico, signal, firstRound = 0 } = request;
  // Before anything is drawn or asked.
  assertAlive(holding.clock, request.facts);
  let silences = 0;
  let repeats = 0;
  for (let round = firstRound; ; round++) {
    const seats = await Promise.all(
      budgets.map((budget) => seatIn(holding, budget, amountPico, repeats < MOST_EMPTY_PURSES)),
    );
    const facts = { ...request.facts, round, basePico: amountPico, others: othersOf(seats) };
    const held = await holdRound(holding, seats, { amountPico, facts, asked: [], signal });
    if (held.end === 'held') {
      return { granted: true, reservation: { amountPico, facts, places: held.places, strays: [] } };
    }
    if (held.end === 'refused') {
      const mayHoldUnawares = silences > 0 || held.isUnheard;
      return { granted: false, status: held.status, nextRound: round + 1, mayHoldUnawares };
    }
    if (held.end === 'again') repeats += 1;
    else silences += 1;
    if (repeats > MOST_REPEATS) throw new Error('the budgets change faster than they can be held');
    if (held.end === 'silent') {
      const isHopeless = held.error instanceof BudgetBusy || silences >= MOST_SILENT_ROUNDS;
      if (isHopeless || !request.mayGoOn()) throw held.error;
    }
    signal.throwIfAborted();
  }
}

/** A budget, and the purses in which to hold; without one, its shards. */
export type Seat = Omit<Place, 'pieces'>;

/** In a purse, if the budget is of that kind, there is money for one, and it may be drawn. */
async function seatIn({ purses }: Holding, budget: Budget, amountPico: bigint, mayDraw: boolean): Promise<Seat> {
  if (!mayDraw || !isEscrow(budget)) return { budget, purses: [] };
  // Without a purse there are still the shards; whether they answer is the round's business.
  const purse = await purses.purseFor(budget, amountPico).catch(() => undefined);
  return { budget, purses: purse ? [purse] : [] };
}

type RoundEnd =
  | { readonly end: 'held'; readonly places: readonly Place[] }
  /** `isUnheard`: another budget of the round did not answer. */
  | { readonly end: 'refused'; readonly status: BudgetStatus; readonly isUnheard: boolean }
  /** A purse had not enough, or others were quicker. */
  | { readonly end: 'again' }
  | { readonly end: 'silent'; readonly error: unknown };

/** One round: everywhere, or nowhere as far as can be seen. */
async function holdRound(holding: Holding, seats: readonly Seat[], ask: Ask): Promise<RoundEnd> {
  const results = await Promise.allSettled(seats.map((seat) => takeIn(holding, seat, ask)));
  const places: Place[] = [];
  const ends: Exclude<RoundEnd, { end: 'held' }>[] = [];
  const isUnheard = results.some(({ status }) => status === 'rejected');
  for (const [at, result] of results.entries()) {
    if (result.status === 'rejected') ends.push({ end: 'silent', error: result.reason });
    else if (result.value === 'again') ends.push({ end: 'again' });
    else if (result.value.granted) places.push({ ...seats[at]!, pieces: result.value.pieces });
    else ends.push({ end: 'refused', status: result.value.status, isUnheard });
  }
  if (ends.length === 0) return { end: 'held', places };
  await release(holding, ask);
  // What a refusal says, no further round will change.
  return ends.find(({ end }) => end === 'refused') ?? ends.find(({ end }) => end === 'silent') ?? ends[0]!;
}

/** What is asked of each budget. */
export interface Ask {
  readonly amountPico: bigint;
  readonly facts: HoldFacts;
  /** Gets every piece that is asked for. */
  readonly asked: Piece[];
  readonly signal: AbortSignal;
}

/** A process whose time is over asks for nothing more. @throws Error */
export function assertAlive(clock: Clock, { killAtMs }: Pick<HoldFacts, 'killAtMs'>): void {
  if (clock.nowMs() >= killAtMs) throw new Error('the time of the process is over');
}

/** Holds in one budget. */
export async function takeIn(
  { parts, placement, purses, clock }: Holding,
  { budget, purses: [purse] }: Seat,
  { amountPico, facts, asked, signal }: Ask,
): Promise<Taken> {
  const valueOf = (pico: bigint) => holdValue(pico, budget, facts);
  const { killAtMs } = facts;
  if (!purse) return placement.take({ budget, id: holdId(facts), amountPico, valueOf, asked, killAtMs, signal });
  assertAlive(clock, facts);
  const piece = { part: purse.part, id: holdId(facts), value: valueOf(amountPico) };
  asked.push(piece);
  if ((await parts.reserve(piece)) === 'taken') return { granted: true, pieces: [piece] };
  asked.splice(asked.indexOf(piece), 1);
  await purses.retire(budget, purse);
  return 'again';
}

/**
 * Gives back what was asked for, whether it is known to stand or not. What cannot be reached now is swept; and a process that is
 * taken for dead leaves all to the sweeper, which may have decided what it is worth.
 */
async function release({ parts, clock }: Holding, { asked, facts }: Ask): Promise<void> {
  if (clock.nowMs() >= facts.killAtMs) return;
  await Promise.allSettled(asked.map((piece) => parts.settle(piece, 0n)));
}

/** The short form of all budgets but the endpoint's month. */
export function othersOf(seats: readonly Seat[]): OtherBudget[] {
  return seats.slice(1).map(({ budget, purses }) =>
    codeOf(
      budget,
      purses.map((purse) => purse.id),
    ),
  );
}

function codeOf({ scope, kind }: Budget, purses: readonly string[]): OtherBudget {
  const owner = scope === 'account' ? 'a' : scope.startsWith('caller:') ? 'c' : 'e';
  return { code: `${owner}${kind === 'day' ? 'd' : 'm'}`, purses };
}
