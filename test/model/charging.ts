import { amountOf, isPurse, shardOf } from './names.ts';
import type { Charge } from './ledger.ts';
import type { Piece } from './round.ts';

/** Money of a split hold is charged in the order of the shards, each up to its amount, the last with the rest. */
export function chargesOf(id: string, cost: number, budgets: Iterable<readonly Piece[]>): Charge[] {
  const charges: Charge[] = [];
  for (const pieces of budgets) {
    let left = cost;
    const ordered = [...pieces].sort((one, other) => order(one.part) - order(other.part));
    for (const [index, { part, value }] of ordered.entries()) {
      const amount = index === ordered.length - 1 ? left : Math.min(left, amountOf(value));
      charges.push({ part, id, amount });
      left -= amount;
    }
  }
  return charges;
}

const order = (part: string): number => (isPurse(part) ? -1 : Number(shardOf(part)));

export function chargedTo(charges: readonly Charge[], part: string, id: string): number {
  return charges.find((charge) => charge.part === part && charge.id === id)?.amount ?? 0;
}
