import { chargedTo, chargesOf } from './charging.ts';
import { type Environment, type Need, needsOf } from './environment.ts';
import { purseFor } from './escrow.ts';
import { callIdAt, holdIdOf } from './names.ts';
import { asleep, type Guard, SILENT, type Steps, sure, TIME_IS_UP, together } from './network.ts';
import { holdIn, release, type Piece, type Round, sumOf } from './round.ts';
import { raise } from './top-up.ts';
import type { World } from './world.ts';

/** From its start until the platform kills a process, and from then until its holds expire. */
export const KILL_SECONDS = 30;
export const MARGIN_SECONDS = 60;

const MAX_ROUNDS = 5;
const MAX_SILENT_ROUNDS = 3;

export interface CallPlan {
  readonly number: number;
  readonly endpoint: string;
  readonly caller: string;
  readonly environment: Environment;
  readonly attempts: readonly Attempt[];
}

/** What an attempt costs at most, what it costs, whether its answer arrives, and how long it takes. */
export interface Attempt {
  readonly bound: number;
  readonly actual: number;
  readonly answered: boolean;
  readonly seconds: number;
}

/** What upstream has billed, and what the call says that it cost: only the watcher knows the first. */
export interface Bill {
  readonly callId: string;
  readonly endpoint: string;
  readonly budgets: readonly string[];
  billed: number;
  claimed: number;
}

/** The life of a call. */
export function* call(world: World, plan: CallPlan, bills: Bill[]): Steps<void> {
  const { endpoint, caller, environment, attempts } = plan;
  const callId = callIdAt(world.clock(), plan.number);
  const killAt = world.clock() + KILL_SECONDS;
  const guard: Guard = () => {
    if (world.clock() >= killAt && world.holds('kill-time')) throw TIME_IS_UP;
  };
  const needs = needsOf(world, environment, callId, endpoint, caller);
  let round: Round | undefined;
  let bill: Bill | undefined;
  try {
    round = yield* reserve(world, plan, callId, needs, killAt + MARGIN_SECONDS, guard);
    if (!round) return;
    bill = { callId, endpoint, budgets: needs.map((need) => need.budget), billed: 0, claimed: 0 };
    bills.push(bill);
    for (const { bound, actual, answered, seconds } of attempts) {
      const cover = bill.claimed + bound;
      if (Math.min(...[...round.held.values()].map(sumOf)) < cover) {
        if (!(yield* raise(world, round, needs, cover))) break;
      }
      yield;
      guard();
      bill.billed += actual;
      const cost = answered ? actual : bound;
      bill.claimed += cost;
      yield* asleep(world, seconds);
    }
  } catch (error) {
    if (error !== TIME_IS_UP) throw error;
    world.note('a process past its kill time');
  }
  if (round && bill) yield* end(world, round, bill);
}

function* reserve(
  world: World,
  { environment, endpoint, caller, attempts }: CallPlan,
  callId: string,
  needs: readonly Need[],
  expiry: number,
  guard: Guard,
): Steps<Round | undefined> {
  const amount = attempts[0]?.bound ?? 0;
  let silent = 0;
  for (let number = 0; number < MAX_ROUNDS && silent < MAX_SILENT_ROUNDS; number++) {
    const purses = new Map<string, string | undefined>();
    for (const { budget } of needs) purses.set(budget, yield* purseFor(world, environment, budget, amount, guard));
    const others = needs.slice(1).map(({ code, budget }) => {
      const purse = purses.get(budget);
      return purse === undefined ? code : `${code}:${purse}`;
    });
    const id = holdIdOf(expiry, callId, world.holds('round-ids') ? number : 0);
    const facts = { base: amount, caller, others };
    const round: Round = { id, amount, facts, endpoint, environment, guard, held: new Map(), asked: [] };
    const outcomes = yield* together(
      world,
      needs.map((need) => holdIn(world, round, need, purses.get(need.budget))),
    );
    if (outcomes.every((outcome) => outcome === 'held')) return round;
    yield* release(world, round, round.asked);
    if (outcomes.includes('refused')) {
      world.note('a call refused');
      return undefined;
    }
    if (outcomes.includes(SILENT)) silent++;
    world.note('a further round');
  }
  return undefined;
}

/** The entry first, then the pieces. Who finds an entry standing says what it differs by, and touches no counter. */
function* end(world: World, round: Round, bill: Bill): Steps<void> {
  const { ledger } = world;
  const { callId, endpoint, claimed: cost } = bill;
  const charges = chargesOf(round.id, cost, round.held.values());
  const basis = cost === bill.billed ? 'exact' : 'unknown';
  const mine = { basis, cost, charges, by: bill } as const;
  const recorded = yield* sure(world, () => ledger.record(endpoint, callId, mine));
  yield;
  const standing = recorded ? mine : ledger.entry(endpoint, callId);
  if (standing?.by === bill || !world.holds('kill-time')) {
    try {
      for (const piece of round.asked) yield* settle(world, round, piece, chargedTo(charges, piece.part, round.id));
    } catch (error) {
      if (error !== TIME_IS_UP) throw error;
    }
  } else if (standing && standing.cost !== cost) yield* adjust(world, bill, cost - standing.cost);
}

function* settle(world: World, round: Round, { part, value }: Piece, actual: number): Steps<void> {
  if (yield* sure(world, () => world.settle(part, round.id, value, actual), round.guard)) return;
  yield;
  const standing = world.parts.get(part)?.holds.get(round.id);
  // Settled before; or it stands at the value of a top-up whose answer never came.
  if (standing !== undefined) yield* sure(world, () => world.settle(part, round.id, standing, actual), round.guard);
}

function* adjust(world: World, { callId, endpoint }: Bill, delta: number): Steps<void> {
  const { ledger } = world;
  const at = world.clock();
  const enlist = () => ledger.enlist(callId, { endpoint, at });
  const write = () => ledger.adjust(endpoint, callId, delta);
  world.note('an adjustment');
  // The list first: who died in between leaves a call in the list without a row, which the sweeper finds.
  const [first, second] = world.holds('pointer-first') ? [enlist, write] : [write, enlist];
  yield* sure(world, first);
  yield* sure(world, second);
}
