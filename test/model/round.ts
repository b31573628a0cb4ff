import { type Environment, known, type Need } from './environment.ts';
import { endpointValue, type Facts, amountOf, isEscrow, partOf, plainValue, scopeOf } from './names.ts';
import { type Guard, once, SILENT, type Steps, sure } from './network.ts';
import { openHead, openShard } from './opening.ts';
import type { Part, World } from './world.ts';

export interface Piece {
  readonly part: string;
  value: string;
}

/** One try of a reservation. */
export interface Round {
  readonly id: string;
  readonly amount: number;
  readonly facts: Facts;
  readonly endpoint: string;
  readonly environment: Environment;
  readonly guard: Guard;
  /** Budget → pieces that are known to be held. */
  readonly held: Map<string, Piece[]>;
  /** All that was asked for, also what may not have landed. */
  readonly asked: Piece[];
}

/** `again`: the world moved while it was looked at; another round may find it at rest. */
export type Outcome = 'held' | 'refused' | 'again' | typeof SILENT;

const MAX_LOOKS = 3;

export function valueFor(round: Round, budget: string, amount: number): string {
  if (budget.startsWith('endpoint:') && budget.includes('#m')) return endpointValue(amount, round.facts);
  return plainValue(amount, round.endpoint);
}

/** Holds the round's amount in one budget. */
export function* holdIn(world: World, round: Round, need: Need, purse?: string): Steps<Outcome> {
  const { budget } = need;
  round.held.set(budget, []);
  if (isEscrow(budget)) return yield* holdInEscrow(world, round, budget, purse);
  const own = round.environment.number % Math.max(1, known(world, round.environment, scopeOf(budget)).shards);
  const first = yield* ask(world, round, budget, own, round.amount);
  if (first !== 'refused') return first;
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    const outcome = yield* look(world, round, budget);
    if (outcome !== 'again') return outcome;
    // What was given back is never asked for again under this id: a late copy of the release would take it away.
    if (round.asked.some((piece) => piece.part.startsWith(`${budget}#`))) return 'again';
  }
  return 'again';
}

function* holdInEscrow(world: World, round: Round, budget: string, purse: string | undefined): Steps<Outcome> {
  if (purse !== undefined) {
    const outcome = yield* ask(world, round, budget, purse, round.amount);
    if (outcome === 'refused') round.environment.purses.delete(budget);
    else if (outcome === 'held') world.note('a piece in a purse');
    return outcome === 'refused' ? 'again' : outcome;
  }
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    const outcome = yield* ask(world, round, budget, 0, round.amount);
    if (outcome !== 'refused') return outcome;
    yield;
    const head = world.head(budget);
    if (!head) yield* openHead(world, budget, round.guard, round.environment);
    else if (head.available < round.amount) return 'refused';
  }
  return 'again';
}

/** Looks at all shards: takes one that has enough, else several that have it together. */
function* look(world: World, round: Round, budget: string): Steps<Outcome> {
  yield;
  const head = world.head(budget);
  if (!head) {
    yield* openHead(world, budget, round.guard, round.environment);
    return 'again';
  }
  const open: { shard: number; available: number }[] = [];
  let frozen = false;
  for (let shard = 0; shard < head.shards; shard++) {
    const part = yield* readShard(world, round, budget, shard);
    if (!part || part.frozen) frozen = true;
    else if (part.available > 0) open.push({ shard, available: part.available });
  }
  const one = open.find(({ available }) => available >= round.amount);
  if (one) {
    const outcome = yield* ask(world, round, budget, one.shard, round.amount);
    return outcome === 'refused' ? 'again' : outcome;
  }
  const together = open.reduce((sum, { available }) => sum + available, 0);
  if (together >= round.amount) return yield* split(world, round, budget, open);
  return frozen ? 'again' : 'refused';
}

function* readShard(world: World, round: Round, budget: string, shard: number): Steps<ReadPart | undefined> {
  const read = () => {
    const part = world.parts.get(partOf(budget, shard));
    return part && { available: part.available, frozen: part.frozen !== undefined };
  };
  yield;
  const part = read();
  if (part || !(yield* openShard(world, budget, shard, round.guard))) return part;
  yield;
  return read();
}
type ReadPart = Pick<Part, 'available'> & { frozen: boolean };

function* split(
  world: World,
  round: Round,
  budget: string,
  open: { shard: number; available: number }[],
): Steps<Outcome> {
  let left = round.amount;
  for (const { shard, available } of open.sort((one, other) => other.available - one.available)) {
    if (left === 0) break;
    const amount = Math.min(left, available);
    const outcome = yield* ask(world, round, budget, shard, amount);
    if (outcome === 'refused') {
      const back = round.held.get(budget)?.splice(0) ?? [];
      yield* release(world, round, back);
      if (!world.holds('look-ids')) for (const piece of back) round.asked.splice(round.asked.indexOf(piece), 1);
      if (back.length > 0) world.note('pieces given back');
      return 'again';
    }
    if (outcome !== 'held') return outcome;
    left -= amount;
  }
  world.note('a hold split over shards');
  return 'held';
}

/** Asks one part for a piece. */
export function* ask(
  world: World,
  round: Round,
  budget: string,
  shard: number | string,
  amount: number,
): Steps<Outcome> {
  const piece = { part: partOf(budget, shard), value: valueFor(round, budget, amount) };
  const answer = yield* once(world, () => world.reserve(piece.part, round.id, piece.value), round.guard);
  if (answer === false) return 'refused';
  round.asked.push(piece);
  if (answer === SILENT) return SILENT;
  round.held.get(budget)?.push(piece);
  return 'held';
}

/** Gives pieces back, whether they have landed or not. */
export function* release(world: World, round: Round, pieces: readonly Piece[]): Steps<void> {
  for (const { part, value } of pieces) yield* sure(world, () => world.settle(part, round.id, value, 0), round.guard);
}

export const sumOf = (pieces: readonly Piece[]): number => pieces.reduce((sum, { value }) => sum + amountOf(value), 0);
