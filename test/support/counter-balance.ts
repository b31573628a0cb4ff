import { expect } from 'vitest';
import type { CounterState } from '#budgets/counter-store.ts';
import { heldPico } from '#budgets/hold.ts';

/** The sum of a counter's holds, in pico-USD. */
export function heldIn(state: CounterState): bigint {
  return [...state.holds.values()].reduce((sum, value) => sum + heldPico(value), 0n);
}

/** What is true of a counter at every moment: `available + spent + Σ holds = limit`. Gives the counter. */
export function expectBalanced(state: CounterState | undefined): CounterState {
  if (!state) throw new Error('there is no such counter');
  expect(state.availablePico + state.spentPico + heldIn(state)).toBe(state.limitPico);
  return state;
}
