import { isEscrow } from './budget.ts';
import type { BudgetStatus } from './budget-status.ts';
import { heldPico, holdId, holdValue, type Piece } from './hold.ts';
import { othersOf, takeIn, type Ask, type Holding, type Place, type Reservation } from './reservation.ts';

/** Raised everywhere; or refused by one budget, where others may stand higher now than they need. */
export type TopUpOutcome =
  | { readonly granted: true; readonly reservation: Reservation }
  | { readonly granted: false; readonly status: BudgetStatus; readonly reservation: Reservation };

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
): Promise<TopUpOutcome> {
  const strays = [...reservation.strays];
  const places = [...reservation.places];
  const morePico = amountPico - reservation.amountPico;
  for (const at of [...places.keys()].toReversed()) {
    // Another purse may have been drawn on for more.
    const facts = { ...reservation.facts, others: othersOf(places) };
    const raised = await raise(holding, places[at]!, morePico, { facts, asked: strays, signal });
    if ('status' in raised) {
      const unraised = { ...reservation, places, strays: unknownOf(strays, places) };
      return { granted: false, status: raised.status, reservation: unraised };
    }
    places[at] = raised;
  }
  const facts = { ...reservation.facts, others: othersOf(places) };
  return { granted: true, reservation: { amountPico, facts, places, strays: unknownOf(strays, places) } };
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
    const taken = purse && (await takeIn(holding, { budget, purses: [purse] }, ask));
    if (taken && taken !== 'empty' && taken.granted) {
      return { budget, pieces: [...pieces, ...taken.pieces], purses: [...place.purses, purse] };
    }
  }
  const valueOf = (pico: bigint) => holdValue(pico, budget, facts);
  const without = pieces.map((piece) => piece.part);
  const taken = await placement.take({ budget, id: holdId(facts), valueOf, without, ...ask });
  return taken.granted ? { ...place, pieces: [...pieces, ...taken.pieces] } : { status: taken.status };
}

/** What was asked for and is not known to stand. */
function unknownOf(asked: readonly Piece[], places: readonly Place[]): Piece[] {
  const known = new Set(places.flatMap(({ pieces }) => pieces.map((piece) => piece.part)));
  return asked.filter((piece) => !known.has(piece.part));
}
