import { expect } from 'vitest';
import { partKey, type Budget } from '#budgets/budget.ts';
import { heldIn, type PartState } from '#budgets/part.ts';
import { expectBalanced } from './counter-balance.ts';
import { MemoryBudgets } from './memory-budgets.ts';
import { monthOf } from './month-of.ts';

/** The budget as the settings with this revision want it. */
export function wanted(limitPico: bigint, shards: number, source = 1): Budget {
  return { ...monthOf('endpoint:summarize', limitPico, shards), source };
}

/** A budget of 1,000 in so many shards, of which 300 are spent and 300 held. */
export async function usedBudget(shards: number) {
  const budget = monthOf('endpoint:summarize', 1_000n, shards);
  const room = await MemoryBudgets.having([budget]);
  await room.settleAt(await room.hold(350n, [budget], { callId: 'over' }), 300n);
  const calls = [
    await room.hold(200n, [budget], { callId: 'one' }),
    await room.hold(100n, [budget], { callId: 'two' }),
  ];
  return { budget, room, calls };
}

/** Ways of changing such a budget: from so many shards to a limit in so many. */
export const CHANGES: readonly (readonly [what: string, from: number, limitPico: bigint, shards: number])[] = [
  ['raised', 1, 5_000n, 1],
  ['raised', 4, 5_000n, 4],
  ['lowered', 4, 700n, 4],
  ['lowered below what is spent and held', 1, 400n, 1],
  ['lowered below what is spent and held', 4, 400n, 4],
  ['lowered to nothing', 4, 0n, 4],
  ['unchanged, over more shards', 1, 1_000n, 4],
  ['unchanged, over fewer shards', 4, 1_000n, 2],
  ['unchanged, over one shard', 4, 1_000n, 1],
  ['raised, over more shards', 2, 3_000n, 5],
  ['lowered into debt, over fewer shards', 4, 100n, 2],
];

/** What is true whatever was interrupted: each counter balances, and not more may be held than a budget allowed, then or now. */
export function expectSound(room: MemoryBudgets, budget: Budget, mostPico: bigint): void {
  const parts = partsOf(room, budget);
  for (const part of parts) expectBalanced(part);
  const open = parts.filter((part) => part.frozen === undefined && part.availablePico > 0n);
  const usedPico = sum(parts, (part) => part.spentPico + heldIn(part));
  const usablePico = sum(open, (part) => part.availablePico);
  if (usablePico > 0n) expect(usedPico + usablePico).toBeLessThanOrEqual(mostPico);
}

/** What a finished change leaves: shares that sum to the limit, over the shards that are wanted. */
export function expectChanged(room: MemoryBudgets, { key, limitPico, shards }: Budget): void {
  const parts = partsOf(room, { key });
  for (const part of parts) expectBalanced(part);
  expect(sum(parts, (part) => part.limitPico)).toBe(limitPico);
  expect(room.parts.at(partKey({ key }, 0))?.head).toMatchObject({ totalPico: limitPico, shards });
  const leftPico = sum(parts, (part) => part.availablePico);
  for (const part of parts) {
    const number = Number(part.key.slice(part.key.lastIndexOf('#') + 1));
    const isOpen = number < shards && (leftPico >= 0n || parts.length === 1);
    expect([part.key, part.frozen === undefined]).toEqual([part.key, isOpen]);
    if (number >= shards) expect(part.availablePico).toBe(0n);
    else if (leftPico >= 0n) expect(part.availablePico - leftPico / BigInt(shards)).toBeLessThan(BigInt(shards));
  }
}

function partsOf(room: MemoryBudgets, { key }: Pick<Budget, 'key'>): PartState[] {
  return [...room.parts.counters.keys()]
    .filter((part) => part.startsWith(`${key}#`) && !part.includes('#p'))
    .map((part) => room.parts.at(part)!);
}

function sum(parts: readonly PartState[], of: (part: PartState) => bigint): bigint {
  return parts.reduce((total, part) => total + of(part), 0n);
}
