import { partOf } from '#budgets/budget.ts';
import { endOf, windowOf } from '#budgets/windows.ts';
import { fromItem } from '#ledger/entry-item.ts';
import type { LedgerEntry } from '#ledger/entry.ts';
import type { StoredItem } from '#platform/aws/attributes.ts';
import { mintedAtMs } from '#platform/call-id.ts';
import type { Bill } from './interleaved-calls.ts';
import type { Tables } from './interleaved-tables.ts';
import { must, type Watch } from './interleaved-watch.ts';

/** A call in the ledger. */
interface Booked {
  readonly entry: LedgerEntry;
  /** By an adjustment row; 0 without one. */
  readonly deltaPico: bigint;
}

/** What must be true when everybody is gone and the sweeper has nothing left to do. @throws what is not */
export function assertAtRest(tables: Tables, watch: Watch, bills: readonly Bill[], nowMs: number): void {
  for (const { key, holds } of watch.parts.values()) {
    must(holds.size === 0, `${key} still holds ${[...holds.keys()].join(', ')}`);
  }
  for (const [name, item] of tables.items) {
    const waiting = name.includes(' late#') ? namesIn(item) : [];
    must(waiting.length === 0, `late facts wait to be applied: ${waiting.join()}`);
  }
  const listed = new Set([...tables.items].flatMap(([name, item]) => (name.includes(' open#') ? namesIn(item) : [])));
  for (const budget of watch.budgets) must(listed.has(budget), `no sweeper finds ${budget}`);
  const booked = new Map<string, Booked>();
  for (const bill of bills) {
    const call = findCall(tables, bill);
    if (call) booked.set(bill.callId, call);
    assertBilled(bill, call, watch);
  }
  for (const budget of watch.budgets) assertInOrder(budget, watch, booked, nowMs);
}

function namesIn(list: StoredItem): string[] {
  return [...((list['listed'] ?? []) as Set<string>)];
}

/** Shares sum to the total, which is the limit that was set; money lies where it can be used; and the spent is the ledger's. */
function assertInOrder(budget: string, watch: Watch, booked: ReadonlyMap<string, Booked>, nowMs: number): void {
  const head = watch.headOf(budget);
  must(head?.head !== undefined, `${budget} has parts and no head`);
  const { totalPico, shards: inUse } = head.head;
  must(
    watch.sharesOf(budget) === totalPico,
    `the shares of ${budget} sum to ${watch.sharesOf(budget)} of ${totalPico}`,
  );
  const { window } = partOf(head.key);
  const latestPico = watch.limitsOf(budget).at(-1);
  if (endOf(window) > nowMs)
    must(totalPico === latestPico, `the limit of ${budget} is ${totalPico}, not ${latestPico}`);

  const shards = watch.shardsOf(budget);
  const leftPico = shards.reduce((sum, { availablePico }) => sum + availablePico, 0n);
  for (const { key, availablePico, frozen } of shards) {
    if (Number(partOf(key).part) >= inUse)
      must(availablePico === 0n || leftPico < 0n, `money lies in ${key}, which is retired`);
    else must((frozen === undefined && availablePico >= 0n) || leftPico < 0n, `${key} cannot be used`);
  }
  const spentPico = shards.reduce((sum, shard) => sum + shard.spentPico, 0n);
  let ledgerPico = 0n;
  for (const { entry, deltaPico } of booked.values()) {
    const isCharged = entry.holds.some(({ part }) => partOf(part).budgetKey === budget);
    if (isCharged) ledgerPico += entry.costPico + deltaPico;
  }
  must(spentPico === ledgerPico, `${budget} has spent ${spentPico}, and the ledger says ${ledgerPico}`);
}

/** A call is in the ledger if anything was billed for it: at what was billed, or above it where nobody could tell. */
function assertBilled(bill: Bill, call: Booked | undefined, watch: Watch): void {
  const { callId, billedPico, receipt } = bill;
  must(call !== undefined || billedPico === 0n, `${callId} was billed ${billedPico}, and is not in the ledger`);
  if (!call) return;
  const { entry, deltaPico } = call;
  const costPico = entry.costPico + deltaPico;
  must(costPico >= billedPico, `${callId} was billed ${billedPico}, and the ledger says ${costPico}`);
  const basis = deltaPico === 0n ? entry.basis : receipt?.basis;
  if (basis !== 'unknown')
    must(costPico === billedPico, `${callId} is ${basis} at ${costPico}, and was billed ${billedPico}`);
  // Its own process knew better than the sweeper, and has come back.
  if (deltaPico !== 0n)
    must(costPico === receipt?.costPico, `${callId} is adjusted to ${costPico}, which is not the truth`);

  const charged = new Map<string, bigint>();
  for (const { part, pico } of entry.holds) {
    const { budgetKey } = partOf(part);
    charged.set(budgetKey, (charged.get(budgetKey) ?? 0n) + pico);
  }
  for (const [budget, pico] of charged)
    must(pico === entry.costPico, `${callId} costs ${entry.costPico}, and ${budget} ${pico}`);
  if (entry.costPico === 0n) return;
  for (const scope of [`endpoint:${bill.endpoint}`, `caller:${bill.caller}`, 'account']) {
    const budget = `${scope}#${windowOf('month', mintedAtMs(callId))}`;
    must(charged.has(budget) || watch.limitsOf(budget).length === 0, `${callId} is not charged to ${budget}`);
  }
}

function findCall({ items }: Tables, { callId }: Bill): Booked | undefined {
  const rows = [...items].filter(([name]) => name.includes(`#${callId}`));
  const entryOf = (item: StoredItem) => (item['deltaPico'] === undefined ? fromItem(item) : undefined);
  const entry = rows.map(([, item]) => entryOf(item)).find((each) => each !== undefined);
  const deltaPico = rows.map(([, item]) => item['deltaPico'] as bigint | undefined).find((each) => each !== undefined);
  must(entry !== undefined || deltaPico === undefined, `${callId} has an adjustment and no entry`);
  return entry && { entry, deltaPico: deltaPico ?? 0n };
}
