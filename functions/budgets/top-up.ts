import { isEscrow } from './budget.ts';
import type { BudgetStatus } from './budget-status.ts';
import { heldPico, holdId, holdValue, type Piece } from './hold.ts';
import { assertAlive, othersOf, takeIn, type Ask, type Holding, type Place, type Reservation } from './reservation.ts';

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
  assertAlive(holding.clock, reservation.facts);
  const strays = [...reservation.strays];
  const places = [...reservation.places];
  for (const at of [...places.keys()].toReversed()) {
    // Another purse may have been drawn on for more.
    const facts = { ...reservation.facts, others: othersOf(places) };
    const raised = await raise(holding, places[at]!, { amountPico, facts, asked: strays, signal });
    places[at] = raised.place;
    if (raised.refusal) {
      const unraised = { ...reservation, places, strays: unknownOf(strays, places) };
      return { granted: false, status: raised.refusal, reservation: unraised };
    }
  }
  const facts = { ...reservation.facts, others: othersOf(places) };
  return { granted: true, reservation: { amountPico, facts, places, strays: unknownOf(strays, places) } };
}

/** A place as it stands after the attempt to raise it. */
interface Raised {
  readonly place: Place;
  /** The budget has not enough. */
  readonly refusal?: BudgetStatus;
}

/** Brings one budget to the amount: a piece that stands is raised, or more pieces are taken where none stands. */
async function raise(holding: Holding, place: Place, ask: Ask): Promise<Raised> {
  const morePico = ask.amountPico - heldOf(place);
  // An earlier top-up raised it, and was refused elsewhere.
  if (morePico <= 0n) return { place };
  for (const piece of place.pieces) {
    const raised = await raisePiece(holding, place, piece, morePico, ask.facts);
    if (raised) return { place: raised };
  }
  const drawn = isEscrow(place.budget) && (await drawMore(holding, place, { ...ask, amountPico: morePico }));
  return drawn ? { place: drawn } : takeMore(holding, place, ask);
}

async function raisePiece(
  { parts, clock }: Holding,
  place: Place,
  piece: Piece,
  morePico: bigint,
  facts: Ask['facts'],
): Promise<Place | undefined> {
  assertAlive(clock, facts);
  const value = holdValue(heldPico(piece.value) + morePico, place.budget, facts);
  if (!(await parts.topUp(piece, value))) return undefined;
  return { ...place, pieces: place.pieces.with(place.pieces.indexOf(piece), { ...piece, value }) };
}

async function drawMore(holding: Holding, place: Place, ask: Ask): Promise<Place | undefined> {
  const { budget, pieces, purses } = place;
  assertAlive(holding.clock, ask.facts);
  for (const worn of purses) await holding.purses.retire(budget, worn);
  const purse = await holding.purses.purseFor(budget, ask.amountPico).catch(() => undefined);
  if (!purse) return undefined;
  const taken = await takeIn(holding, { budget, purses: [purse] }, ask);
  if (taken === 'again' || !taken.granted) return undefined;
  return { budget, pieces: [...pieces, ...taken.pieces], purses: [...purses, purse] };
}

/** From shards where nothing stands yet; if those have not enough, with what is left where something does. */
async function takeMore(holding: Holding, place: Place, ask: Ask): Promise<Raised> {
  const { budget } = place;
  const valueOf = (pico: bigint) => holdValue(pico, budget, ask.facts);
  for (let standing = place; ;) {
    const amountPico = ask.amountPico - heldOf(standing);
    if (amountPico <= 0n) return { place: standing };
    const without = standing.pieces.map((piece) => piece.part);
    const taken = await holding.placement.take({
      ...ask,
      budget,
      id: holdId(ask.facts),
      amountPico,
      valueOf,
      without,
      killAtMs: ask.facts.killAtMs,
    });
    if (taken === 'again') throw new Error(`the budget ${budget.key} changes faster than more of it can be held`);
    if (taken.granted) return { place: { ...standing, pieces: [...standing.pieces, ...taken.pieces] } };
    const refused = { place: standing, refusal: taken.status };
    if (taken.status.usablePico < amountPico) return refused;
    const raised = await raiseByRemainder(holding, standing, amountPico, ask.facts);
    if (!raised) return refused;
    standing = raised;
  }
}

async function raiseByRemainder(
  holding: Holding,
  place: Place,
  morePico: bigint,
  facts: Ask['facts'],
): Promise<Place | undefined> {
  for (const piece of place.pieces) {
    const leftPico = (await holding.parts.read(piece.part))?.availablePico ?? 0n;
    if (leftPico <= 0n) continue;
    const raised = await raisePiece(holding, place, piece, leftPico < morePico ? leftPico : morePico, facts);
    if (raised) return raised;
  }
  return undefined;
}

function heldOf({ pieces }: Place): bigint {
  return pieces.reduce((sum, piece) => sum + heldPico(piece.value), 0n);
}

/** What was asked for and is not known to stand. */
function unknownOf(asked: readonly Piece[], places: readonly Place[]): Piece[] {
  const known = new Set(places.flatMap(({ pieces }) => pieces.map((piece) => piece.part)));
  return asked.filter((piece) => !known.has(piece.part));
}
