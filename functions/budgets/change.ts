import { sleep, type Clock } from '#platform/clock.ts';
import { isEscrow, partKey, shareOf, type Budget } from './budget.ts';
import { partsOf, type BudgetBook, type BudgetState } from './budget-book.ts';
import { sumOf } from './budget-status.ts';
import { parseId } from './hold.ts';
import type { PartState } from './part.ts';
import type { PartStore } from './part-store.ts';
import { floatsIn, freezePurse } from './purses.ts';

export interface ChangeRooms {
  readonly parts: PartStore;
  readonly book: BudgetBook;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** `superseded`: newer settings are at work. */
export type Changed = 'changed' | 'superseded';

const MOST_TRIES = 8;
/** Two changes that meet would overtake each other again and again: each waits for so long, times its tries, at most. */
const OVERTAKEN_WAIT_MS = 50;

/**
 * Brings an open budget to `budget.limitPico` and `budget.shards`, whatever it is now, at once and keeping every sum: freeze
 * all shards, look at what is left, share it out anew. Whoever dies in between is followed by a change with a higher revision,
 * which freezes what it finds and shares that out.
 *
 *     change 1   freeze 0 ✓   freeze 1 ✓   share 0 ✓ …died       0 has its new share, 1 is frozen
 *     change 2                                        freeze 0, 1 → reads what stands → shares it out: Σ limit = total
 *
 * @throws when the table does not answer
 */
export async function changeBudget(budget: Budget, rooms: ChangeRooms): Promise<Changed> {
  const { signal } = new AbortController();
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    const head = await rooms.book.openHead(budget);
    if (head.head!.source > budget.source) return 'superseded';
    if (await changeOnce(budget, head, rooms)) return 'changed';
    // A later change has come: whether it is done, nobody says. So one more, later than that.
    await sleep(rooms.clock, rooms.random() * OVERTAKEN_WAIT_MS * tries, signal);
  }
  throw new Error(`the budget ${budget.key} changes faster than it can be changed`);
}

/** False: another change was quicker. */
async function changeOnce(budget: Budget, head: PartState, { parts, book }: ChangeRooms): Promise<boolean> {
  const begun = await begin(budget, head, parts);
  const others = begun && (await freezeOthers(budget, begun, parts));
  if (!others || !(await shareOut(budget, [begun, ...others], parts))) return false;
  const changed = await book.read(budget.key);
  if (changed && isEscrow(budget) && isInDebt(changed)) await recallPurses(budget, changed, parts);
  return true;
}

/** A budget of one part is not frozen: its `available` may be negative, which refuses by itself. */
function begin(budget: Budget, { key, head }: PartState, parts: PartStore): Promise<PartState | undefined> {
  const most = Math.max(head!.most, budget.shards);
  return parts.takeRevision(key, { revision: head!.revision, most, source: budget.source, freezes: most > 1 });
}

/** All shards but the head, frozen for this change; those that are not there are opened with nothing. Undefined: a later change has come. */
async function freezeOthers(budget: Budget, { head }: PartState, parts: PartStore): Promise<PartState[] | undefined> {
  const { most, revision } = head!;
  const numbers = Array.from({ length: most - 1 }, (_, index) => index + 1);
  const frozen = await Promise.all(numbers.map((shard) => freezeShard(partKey(budget, shard), revision, parts)));
  return frozen.every((shard) => shard !== undefined) ? frozen : undefined;
}

async function freezeShard(key: string, revision: number, parts: PartStore): Promise<PartState | undefined> {
  const frozen = await parts.freeze(key, revision);
  if (frozen) return frozen;
  const empty = { key, limitPico: 0n, availablePico: 0n, spentPico: 0n, holds: new Map<string, string>() };
  await parts.open({ ...empty, frozen: revision });
  return parts.freeze(key, revision);
}

/** Gives each shard its share of what may be held from now on. False: a later change has come. */
async function shareOut(budget: Budget, shards: readonly PartState[], parts: PartStore): Promise<boolean> {
  const sumPico = shards.reduce((sum, shard) => sum + shard.limitPico, 0n);
  const leftPico = shards.reduce((sum, shard) => sum + shard.availablePico, 0n) + budget.limitPico - sumPico;
  const owes = leftPico < 0n && shards.length > 1;
  const targetOf = (number: number) => {
    if (owes) return number === 0 ? leftPico : 0n;
    return number < budget.shards ? shareOf(leftPico, budget.shards, number) : 0n;
  };
  const { revision } = shards[0]!.head!;
  const give = ({ key, limitPico, availablePico }: PartState, number: number) =>
    parts.share(key, {
      oldPico: limitPico,
      newPico: limitPico + targetOf(number) - availablePico,
      revision,
      staysFrozen: shards.length > 1 && (owes || number >= budget.shards),
      ...(number === 0 && { whole: { totalPico: budget.limitPico, shards: budget.shards } }),
    });
  // The head last: until then whoever finds the change undone begins it again.
  const [head, ...others] = shards as [PartState, ...PartState[]];
  const given = await Promise.all(others.map((shard, index) => give(shard, index + 1)));
  return given.every(Boolean) && give(head, 0);
}

/** Whether more is spent and held than the limit allows. */
export function isInDebt(state: BudgetState): boolean {
  return sumOf(partsOf(state), (part) => part.availablePico) < 0n;
}

/**
 * Takes back what environments have drawn from a budget in debt: frozen purses lend nothing more. What is drawn from now on, the
 * shards have.
 *
 *     environment   draws (a hold in the shard) ──────► opens its purse: refused, it is there, frozen
 *     change                     shard changed → reads its holds → freezes the purse
 */
export async function recallPurses(budget: Pick<Budget, 'key'>, state: BudgetState, parts: PartStore): Promise<void> {
  const purses = partsOf(state)
    .flatMap((shard) => floatsIn(shard))
    .map(({ id }) => (parseId(id) as { purse: string }).purse);
  await Promise.all(purses.map((purse) => freezePurse(parts, partKey(budget, purse))));
}
