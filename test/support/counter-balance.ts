import { expect } from 'vitest';
import { heldIn, type PartState } from '#budgets/part.ts';

/** What is true of a counter at every moment: `available + spent + Σ holds = limit`. Gives the counter. */
export function expectBalanced(state: PartState | undefined): PartState {
  if (!state) throw new Error('there is no such counter');
  expect(state.availablePico + state.spentPico + heldIn(state)).toBe(state.limitPico);
  return state;
}
