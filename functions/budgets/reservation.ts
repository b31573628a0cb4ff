import { isEscrow, type Budget } from './budget.ts';
import type { BudgetStatus } from './budget-status.ts';
import { heldPico, holdId, holdValue, type HoldFacts, type OtherBudget, type Piece } from './hold.ts';
import type { PartStore } from './part-store.ts';
import type { Placement, Taken } from './placement.ts';
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
  readonly parts: PartStore;
  readonly placement: Placement;
  readonly purses: Purses;
}

const MOST_ROUNDS = 3;

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
  const { budgets, amountPico, firstRound = 0 } = request;
  for (let tries = 1; ; tries++) {
    const purses = await Promise.all(
      budgets.map((budget) => (isEscrow(budget) ? holding.purses.purseFor(budget, amountPico) : undefined)),
    );
    const others = budgets.slice(1).map((budget, at) => codeOf(budget, purses[at + 1] ? [purses[at + 1]!.id] : []));
    const facts: HoldFacts = { ...request.facts, round: firstRound + tries - 1, basePico: amountPico, others };
    const asked: Piece[] = [];
    const ask = { amountPico, facts, asked, signal: request.signal };
    const results = await Promise.allSettled(budgets.map((budget, at) => takeIn(holding, budget, purses[at], ask)));
    const taken = results.map((result) => (result.status === 'fulfilled' ? result.value : undefined));
    if (taken.every((each) => each !== undefined && each !== 'empty' && each.granted)) {
      const places = taken.map((each, at) => ({
        budget: budgets[at]!,
        pieces: (each as Taken & { granted: true }).pieces,
        purses: purses[at] ? [purses[at]] : [],
      }));
      return { granted: true, reservation: { amountPico, facts, places, strays: [] } };
    }
    await release(holding.parts, asked);
    for (const each of taken) {
      if (each !== undefined && each !== 'empty' && !each.granted)
        return { granted: false, status: each.status, nextRound: facts.round + 1 };
    }
    await Promise.all(
      budgets.map((budget, at) => (taken[at] === 'empty' ? holding.purses.retire(budget, purses[at]!) : undefined)),
    );
    const silent = results.find((result) => result.status === 'rejected');
    if (tries >= MOST_ROUNDS || !request.mayGoOn()) throw silent?.reason ?? new Error('no purse had enough');
  }
}

/**
 * Raises a reservation to `amountPico` in all budgets, the endpoint's month last: what its piece says is held, is held
 * everywhere. When one refuses, others may stand higher than they need; settlement gives it back.
 * @throws when a counter does not answer; `reservation.strays` cannot tell then what came to stand
 */
export async function topUp(
  holding: Holding,
  reservation: Reservation,
  amountPico: bigint,
  signal: AbortSignal,
): Promise<
  | { readonly granted: true; readonly reservation: Reservation }
  | { readonly granted: false; readonly status: BudgetStatus; readonly reservation: Reservation }
> {
  const strays = [...reservation.strays];
  const places = [...reservation.places];
  let { facts } = reservation;
  const morePico = amountPico - reservation.amountPico;
  for (const at of [...places.keys()].toReversed()) {
    if (at === 0)
      facts = {
        ...facts,
        others: places.slice(1).map(({ budget, purses }) =>
          codeOf(
            budget,
            purses.map((purse) => purse.id),
          ),
        ),
      };
    const raised = await raise(holding, places[at]!, morePico, { facts, asked: strays, signal });
    if ('status' in raised)
      return {
        granted: false,
        status: raised.status,
        reservation: { ...reservation, places, strays: unknownOf(strays, places) },
      };
    places[at] = raised;
  }
  return { granted: true, reservation: { amountPico, facts, places, strays: unknownOf(strays, places) } };
}

/** What was asked for and is not known to stand. */
function unknownOf(asked: readonly Piece[], places: readonly Place[]): Piece[] {
  const known = new Set(places.flatMap(({ pieces }) => pieces.map((piece) => piece.part)));
  return asked.filter((piece) => !known.has(piece.part));
}

interface Ask {
  readonly amountPico: bigint;
  readonly facts: HoldFacts;
  readonly asked: Piece[];
  readonly signal: AbortSignal;
}

/** `empty`: the purse has not enough, or is frozen. */
async function takeIn(
  { parts, placement }: Holding,
  budget: Budget,
  purse: Purse | undefined,
  { amountPico, facts, asked, signal }: Ask,
): Promise<Taken | 'empty'> {
  const valueOf = (pico: bigint) => holdValue(pico, budget, facts);
  if (!purse) return placement.take({ budget, id: holdId(facts), amountPico, valueOf, asked, signal });
  const piece = { part: purse.part, id: holdId(facts), value: valueOf(amountPico) };
  asked.push(piece);
  return (await parts.reserve(piece)) === 'taken' ? { granted: true, pieces: [piece] } : 'empty';
}

/** More in one budget: a piece that stands is raised, or one more piece is taken where none stands. */
async function raise(
  holding: Holding,
  place: Place,
  morePico: bigint,
  { facts, asked, signal }: Omit<Ask, 'amountPico'>,
): Promise<Place | { readonly status: BudgetStatus }> {
  const { budget, pieces } = place;
  const { parts, placement, purses } = holding;
  for (const [index, piece] of pieces.entries()) {
    const value = holdValue(heldPico(piece.value) + morePico, budget, facts);
    if (await parts.topUp(piece, value)) return { ...place, pieces: pieces.with(index, { ...piece, value }) };
  }
  const ask = { amountPico: morePico, facts, asked, signal };
  if (isEscrow(budget)) {
    for (const worn of place.purses) await purses.retire(budget, worn);
    const purse = await purses.purseFor(budget, morePico);
    const taken = purse && (await takeIn(holding, budget, purse, ask));
    if (taken && taken !== 'empty' && taken.granted) {
      return { budget, pieces: [...pieces, ...taken.pieces], purses: [...place.purses, purse] };
    }
  }
  const valueOf = (pico: bigint) => holdValue(pico, budget, facts);
  const without = pieces.map((piece) => piece.part);
  const taken = await placement.take({ budget, id: holdId(facts), valueOf, without, ...ask });
  return taken.granted ? { ...place, pieces: [...pieces, ...taken.pieces] } : { status: taken.status };
}

/** Gives back what was asked for, whether it is known to stand or not. What cannot be reached now is swept. */
async function release(parts: PartStore, pieces: readonly Piece[]): Promise<void> {
  await Promise.allSettled(pieces.map((piece) => parts.settle(piece, 0n)));
}

function codeOf({ scope, kind }: Budget, purses: readonly string[]): OtherBudget {
  const owner = scope === 'account' ? 'a' : scope.startsWith('caller:') ? 'c' : 'e';
  return { code: `${owner}${kind === 'day' ? 'd' : 'm'}`, purses };
}
