import type { Bill } from './call.ts';
import { budgetFor, settingsOf, windowAt } from './environment.ts';
import { budgetOf, isDraw, isEscrow, isMark, isPurse, partOf, scopeOf, shardOf, spanOf, windowOf } from './names.ts';
import { sweep } from './sweeper.ts';
import { must } from './watch.ts';
import type { World } from './world.ts';

/** What must be true when everybody is gone and the sweeper has done its work. */
export function checkAtRest(world: World, bills: readonly Bill[]): void {
  const before = snapshot(world);
  world.now += 1000;
  for (const _ of sweep(world)) world.watch.check();
  must(snapshot(world) === before, 'a further sweep changes something');
  checkParts(world);
  for (const bill of bills) checkBill(world, bill);
  checkSums(world);
}

function snapshot(world: World): string {
  const parts = [...world.parts].map(([name, part]) => [name, { ...part, holds: [...part.holds] }]);
  const { entries, adjustments, list } = world.ledger;
  return JSON.stringify([parts, [...entries.keys()], [...adjustments], [...list]]);
}

function checkParts(world: World): void {
  must(world.ledger.list.size === 0, 'a call is left in the list of adjustments');
  for (const [name, part] of world.parts) {
    const budget = budgetOf(name);
    const head = world.head(budget);
    must(head !== undefined, 'a part without a head');
    // In a window that is over, money may lie where nobody will ask for it: an adjustment came later still.
    const listed = world.directory.has(budget);
    for (const id of part.holds.keys()) {
      must(!isMark(id), 'a mark is left');
      must(!isDraw(id), 'a purse is left');
      must(false, 'a hold is left');
    }
    if (!isPurse(name) && windowOf(budget) === windowAt(world, spanOf(budget), world.now)) {
      const limit = settingsOf(world, scopeOf(budget)).limits[spanOf(budget)];
      must(head.total === limit, 'an open window does not follow its settings');
    }
    if (isPurse(name)) must(part.frozen !== undefined, 'a purse is open that no head holds');
    else if (Number(shardOf(name)) < head.shards) {
      must(part.frozen === undefined || !listed || debtOf(world, budget) > 0, 'a part is left frozen');
      must(
        part.available >= 0 || !listed || debtOf(world, budget) > 0,
        'a part is left in debt beside others with money',
      );
    } else must(part.available === 0 || !listed, 'money is left in a retired shard');
  }
}

/** What is spent above the limit. */
function debtOf(world: World, budget: string): number {
  return spentOf(world, budget) - (world.head(budget)?.total ?? 0);
}

function spentOf(world: World, budget: string): number {
  const head = world.head(budget);
  let spent = 0;
  for (let shard = 0; shard < (head?.most ?? 0); shard++) spent += world.parts.get(partOf(budget, shard))?.spent ?? 0;
  return spent;
}

function checkBill({ ledger }: World, { callId, endpoint, budgets, billed, claimed }: Bill): void {
  const entry = ledger.entry(endpoint, callId);
  if (!entry) {
    must(billed === 0, 'billed, and not in the ledger');
    return;
  }
  const delta = ledger.adjustment(endpoint, callId);
  if (entry.basis === 'exact') must(entry.cost === billed, 'an exact entry is not the bill');
  must(entry.cost >= billed, `an entry as ${entry.basis} below the bill`);
  if (delta !== undefined && delta !== 0) must(entry.cost + delta === claimed, 'an adjusted entry is not the truth');
  if (entry.cost === 0) return;
  for (const budget of budgets) {
    const charged = entry.charges.filter(({ part }) => budgetOf(part) === budget);
    const sum = charged.reduce((total, { amount }) => total + amount, 0);
    must(sum === entry.cost, 'an entry does not charge each budget its cost');
  }
}

/** The counters say what the ledger says. */
function checkSums(world: World): void {
  const expected = new Map<string, number>();
  const add = (budget: string, amount: number) => expected.set(budget, (expected.get(budget) ?? 0) + amount);
  for (const [key, entry] of world.ledger.entries) {
    const [endpoint, callId] = key.split('/') as [string, string];
    const delta = world.ledger.adjustment(endpoint, callId) ?? 0;
    const budgets = new Set(entry.charges.map(({ part }) => budgetOf(part)));
    must(budgets.size > 0 || entry.cost + delta === 0, 'an adjustment of a call that charged nothing');
    if (entry.cost > 0)
      must(budgets.has(budgetFor(world, 'em', callId, endpoint, '')), 'an entry without its endpoint');
    for (const { part, amount } of entry.charges) add(budgetOf(part), amount);
    for (const budget of budgets) add(budget, delta);
  }
  for (const budget of new Set([...world.parts.keys()].map(budgetOf))) {
    const spent = spentOf(world, budget);
    const of = isEscrow(budget) ? 'the account' : budget.slice(0, budget.indexOf(':'));
    must(spent === (expected.get(budget) ?? 0), `spent by ${of} is not what the ledger says`);
  }
}
