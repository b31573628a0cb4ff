import type { CounterState, CounterStore, Hold } from './counter-store.ts';
import { holdId, holdValue, type HoldFacts } from './hold.ts';
import { counterFor, type Scope } from './scopes.ts';

/** Money held for one call in all of its scopes. */
export interface Reservation {
  readonly amountPico: bigint;
  readonly round: number;
  /** The endpoint's hold first. */
  readonly holds: readonly Hold[];
  readonly facts: HoldFacts;
}

export type ReservationOutcome =
  | { readonly granted: true; readonly reservation: Reservation }
  | { readonly granted: false; readonly scope: Scope; readonly state: CounterState };

export interface ReservationRequest {
  readonly scopes: readonly Scope[];
  readonly amountPico: bigint;
  /** When the call was minted: names the window. */
  readonly atMs: number;
  readonly facts: Omit<HoldFacts, 'round' | 'scopes'>;
  /** Asked before each further round: a process whose time is over touches no counter. */
  readonly mayGoOn: () => boolean;
}

const MAX_ROUNDS = 3;

/**
 * Holds `amountPico` in every scope, side by side, all or none.
 *
 * A scope that does not answer may or may not have taken the hold, now or later. So the round is given up, what it asked
 * for is released everywhere, and the next round has a new hold id. A hold of a lost round that lands late is found by
 * its expiry: the ledger entry names the round that counts, and any other is worth nothing.
 *
 *     round 0   endpoint: held      caller: no answer ─┐ (lands later: worth 0, swept)
 *               endpoint: released  caller: released ◄─┘
 *     round 1   endpoint: held      caller: held         → granted
 *
 * @throws the last transport error, when no round was answered in full
 */
export async function reserve(store: CounterStore, request: ReservationRequest): Promise<ReservationOutcome> {
  const { scopes, amountPico, atMs } = request;
  for (let round = 0; ; round++) {
    const facts: HoldFacts = { ...request.facts, round, scopes: scopes.map((scope) => scope.name) };
    const id = holdId(facts);
    const holds = scopes.map((scope): Hold => ({
      counter: counterFor(scope, atMs),
      id,
      value: holdValue(amountPico, scope.name, facts),
    }));
    const results = await Promise.allSettled(holds.map((hold) => store.reserve(hold)));

    const refused = results.findIndex((result) => result.status === 'fulfilled' && !result.value.granted);
    const silent = results.find((result) => result.status === 'rejected');
    if (refused < 0 && !silent) return { granted: true, reservation: { amountPico, round, holds, facts } };

    const asked = silent ? holds : holds.filter((_, index) => isGranted(results[index]));
    await release(store, asked);
    const result = results[refused];
    if (result?.status === 'fulfilled' && !result.value.granted) {
      return { granted: false, scope: scopes[refused] as Scope, state: result.value.state };
    }
    if (round + 1 >= MAX_ROUNDS || !request.mayGoOn()) throw silent?.reason;
  }
}

/** Raises a reservation to `amountPico` in all scopes. Undefined: some scope has not enough left, and nothing changed. */
export async function topUp(
  store: CounterStore,
  reservation: Reservation,
  amountPico: bigint,
): Promise<Reservation | undefined> {
  const raised = reservation.holds.map((hold) => ({
    ...hold,
    value: holdValue(amountPico, hold.counter.scope.name, reservation.facts),
  }));
  for (const [index, hold] of reservation.holds.entries()) {
    if (await store.topUp(hold, (raised[index] as Hold).value)) continue;
    // Lowering is a top-up by less than nothing: the same expression gives the money back.
    for (let done = 0; done < index; done++) {
      await store.topUp(raised[done] as Hold, (reservation.holds[done] as Hold).value);
    }
    return undefined;
  }
  return { ...reservation, amountPico, holds: raised };
}

/** Replaces all holds of a call by what it cost. Idempotent. Gives the holds that could not be settled: the sweeper's work. */
export async function settle(
  store: CounterStore,
  reservation: Reservation,
  actualPico: bigint,
): Promise<readonly Hold[]> {
  const results = await Promise.allSettled(reservation.holds.map((hold) => settleHold(store, hold, actualPico)));
  return reservation.holds.filter((_, index) => results[index]?.status === 'rejected');
}

async function settleHold(store: CounterStore, hold: Hold, actualPico: bigint): Promise<void> {
  if (await store.settle(hold, actualPico)) return;
  // Settled before; or it stands at the value of a top-up whose answer never came.
  const value = (await store.read(hold.counter))?.holds.get(hold.id);
  if (value !== undefined) await store.settle({ ...hold, value }, actualPico);
}

async function release(store: CounterStore, holds: readonly Hold[]): Promise<void> {
  await Promise.allSettled(holds.map((hold) => store.settle(hold, 0n)));
}

function isGranted(result: PromiseSettledResult<{ readonly granted: boolean }> | undefined): boolean {
  return result?.status === 'fulfilled' && result.value.granted;
}
