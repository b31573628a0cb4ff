import { isEscrow, partKey, partOf, type Budget } from './budget.ts';
import { partsOf, type BudgetState } from './budget-book.ts';
import { parseId } from './hold.ts';
import { heldIn, type PartState } from './part.ts';
import type { PartStore } from './part-store.ts';
import { floatsIn } from './purses.ts';

/** A budget in figures. Always: `spentPico + heldPico + availablePico = limitPico`. */
export interface BudgetStatus {
  readonly budget: Pick<Budget, 'scope' | 'window' | 'kind'>;
  readonly limitPico: bigint;
  readonly spentPico: bigint;
  /** Held for calls that are under way, or drawn by environments. */
  readonly heldPico: bigint;
  /** May be negative: the limit was lowered below what is spent, or a call cost more than was held for it. */
  readonly availablePico: bigint;
  /** What a call may hold now: without what lies in frozen or retired shards. */
  readonly usablePico: bigint;
}

/** The figures of a budget, from its parts. While a change of it is under way they follow the part that is done. */
export function statusOf(
  { scope, window, kind }: Pick<Budget, 'scope' | 'window' | 'kind'>,
  state: BudgetState,
): BudgetStatus {
  const parts = partsOf(state);
  const spentPico = sumOf(parts, (part) => part.spentPico);
  const limitPico = state.head.head!.totalPico;
  // Shards that nobody has opened yet have all of their share.
  const heldPico = sumOf(parts, heldIn);
  const availablePico = limitPico - spentPico - heldPico;
  const open = state.shards.filter(({ frozen, availablePico: left }) => frozen === undefined && left > 0n);
  const usablePico = sumOf(open, (shard) => shard.availablePico);
  return { budget: { scope, window, kind }, limitPico, spentPico, heldPico, availablePico, usablePico };
}

/** The sum of something over parts. */
export function sumOf(parts: readonly PartState[], of: (part: PartState) => bigint): bigint {
  return parts.reduce((sum, part) => sum + of(part), 0n);
}

/** The same to the last call: what was spent from purses that are still out is counted as spent. */
export async function exactStatusOf(
  budget: Pick<Budget, 'scope' | 'window' | 'kind'>,
  state: BudgetState,
  parts: PartStore,
): Promise<BudgetStatus> {
  const status = statusOf(budget, state);
  if (!isEscrow(budget)) return status;
  const key = partOf(state.head.key).budgetKey;
  const purses = await Promise.all(
    partsOf(state)
      .flatMap((shard) => floatsIn(shard))
      .map(({ id }) => parts.read(partKey({ key }, (parseId(id) as { purse: string }).purse))),
  );
  const fromPursesPico = purses.reduce((sum, purse) => sum + (purse?.spentPico ?? 0n), 0n);
  return { ...status, spentPico: status.spentPico + fromPursesPico, heldPico: status.heldPico - fromPursesPico };
}
