import { partKey } from '#budgets/budget.ts';
import { heldPico, type Piece } from '#budgets/hold.ts';
import type { TakeRequest } from '#budgets/placement.ts';
import { MemoryBudgets, type MemoryBudgetsOptions } from './memory-budgets.ts';
import { monthOf } from './month-of.ts';

/** A budget of four shards with 100 each. */
export const sharded = monthOf('endpoint:summarize', 400n, 4);

/** Key of one of its shards. */
export function shard(number: number): string {
  return partKey(sharded, number);
}

/** A request for so much of it, under one id unless a test says otherwise. */
export function taking(amountPico: bigint, more: Partial<Omit<TakeRequest, 'valueOf'>> = {}): TakeRequest {
  return {
    budget: sharded,
    id: 'expiry.call.0',
    amountPico,
    valueOf: (pico) => `${pico}|summarize`,
    asked: [],
    signal: new AbortController().signal,
    killAtMs: Date.UTC(2026, 10, 22, 12) + 30_000,
    ...more,
  };
}

/** A process that finds the budget open, and its shards with so much left. */
export async function havingLeft(
  available: readonly bigint[],
  options: MemoryBudgetsOptions = {},
): Promise<MemoryBudgets> {
  const room = await MemoryBudgets.having([sharded], options);
  for (const [number, pico] of available.entries()) takeFrom(room, number, 100n - pico);
  return room;
}

/** Somebody else holds so much in a shard. @param by whom @default rival */
export function takeFrom(room: MemoryBudgets, number: number, pico: bigint, by = 'rival'): void {
  const part = room.parts.counters.get(shard(number))!;
  part.availablePico -= pico;
  part.holds.set(by, `${pico}|summarize`);
}

/** Takes, and gives shards and amounts. @throws when it is not granted */
export async function placed(room: MemoryBudgets, request: TakeRequest): Promise<(readonly [string, bigint])[]> {
  const taken = await room.placement.take(request);
  if (taken === 'again' || !taken.granted) throw new Error('not granted');
  return amountsOf(taken.pieces);
}

/** Counters and amounts of pieces. */
export function amountsOf(pieces: readonly Piece[]): (readonly [string, bigint])[] {
  return pieces.map(({ part, value }) => [part, heldPico(value)] as const);
}
