import type { HaikuTerms } from '#test/support/haiku.ts';
import type { CallTask } from '#test/support/killed/errand.ts';
import type { Scene } from '#test/support/killed/scene.ts';

/** The most that a haiku on a topic of four bytes costs: its input at the cache-write price, and 100 tokens out. */
export const BOUND_PICO = 60n * 125_000n + 100n * 500_000n;

/** A call of `haiku-17` by `ada-17`. */
export function haikuCall(terms: HaikuTerms, number: number, differs: Partial<CallTask> = {}): CallTask {
  return { kind: 'call', endpoint: `haiku-${number}`, terms, caller: `ada-${number}`, topic: 'rain', ...differs };
}

/** Opens the budgets of a number as an earlier call of the window does, which asks for something else. */
export async function callEarlier(scene: Scene, terms: HaikuTerms, number: number): Promise<void> {
  const { status } = await scene.perform(haikuCall(terms, number, { topic: 'snow' }));
  if (status !== 200) throw new Error(`the call before was answered ${status}`);
}
