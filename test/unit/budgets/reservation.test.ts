import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CounterState, CounterStore, Hold } from '#budgets/counter-store.ts';
import { heldPico } from '#budgets/hold.ts';
import { reserve, settle, topUp, type ReservationRequest } from '#budgets/reservation.ts';
import type { Scope } from '#budgets/scopes.ts';

const AT_MS = Date.UTC(2026, 10, 22, 12);
const LIMIT_PICO = 1_000n;

/** What becomes of one request to a counter; `late` lands after its answer was given up. */
type Fate = 'answered' | 'lost' | 'unheard' | 'late';

/** Counters in memory, by the rules of the real ones, whose requests meet the fates that a test lays out. */
class FatedStore implements CounterStore {
  readonly counters = new Map<string, { available: bigint; spent: bigint; holds: Map<string, string> }>();
  readonly asked: string[] = [];
  readonly #late: (() => void)[] = [];
  readonly #fateOf: (operation: string, scope: string, nth: number) => Fate;
  readonly #counts = new Map<string, number>();

  constructor(fateOf: (operation: string, scope: string, nth: number) => Fate = () => 'answered') {
    this.#fateOf = fateOf;
  }

  /** Lets those requests land that were under way when they were given up. */
  landLate(): void {
    for (const land of this.#late.splice(0)) land();
  }

  async reserve(hold: Hold) {
    return this.#meet('reserve', hold, () => {
      const state = this.#stateOf(hold);
      if (state.holds.has(hold.id)) return { granted: true } as const;
      if (state.available < heldPico(hold.value)) return { granted: false, state: this.#shown(hold) } as const;
      state.available -= heldPico(hold.value);
      state.holds.set(hold.id, hold.value);
      return { granted: true } as const;
    });
  }

  async topUp(hold: Hold, next: string) {
    return this.#meet('topUp', hold, () => {
      const state = this.#stateOf(hold);
      const more = heldPico(next) - heldPico(hold.value);
      if (state.holds.get(hold.id) !== hold.value || state.available < more) return false;
      state.available -= more;
      state.holds.set(hold.id, next);
      return true;
    });
  }

  async settle(hold: Hold, actualPico: bigint) {
    return this.#meet('settle', hold, () => {
      const state = this.#stateOf(hold);
      if (state.holds.get(hold.id) !== hold.value) return false;
      state.holds.delete(hold.id);
      state.available += heldPico(hold.value) - actualPico;
      state.spent += actualPico;
      return true;
    });
  }

  async read(counter: Hold['counter']) {
    return this.#shown({ counter, id: '', value: '' });
  }

  /** Available, spent and held of a scope. */
  sums(scope: string): readonly [available: bigint, spent: bigint, held: bigint] {
    const state = this.counters.get(scope) ?? { available: LIMIT_PICO, spent: 0n, holds: new Map<string, string>() };
    return [state.available, state.spent, [...state.holds.values()].reduce((sum, value) => sum + heldPico(value), 0n)];
  }

  async #meet<Result>(operation: string, hold: Hold, land: () => Result): Promise<Result> {
    const { name } = hold.counter.scope;
    const nth = (this.#counts.get(operation + name) ?? 0) + 1;
    this.#counts.set(operation + name, nth);
    this.asked.push(`${operation} ${name} ${hold.id.slice(-1)}`);
    await Promise.resolve();
    const fate = this.#fateOf(operation, name, nth);
    if (fate === 'late') this.#late.push(land);
    if (fate === 'lost' || fate === 'late') throw new Error(`${operation} of ${name}: no answer`);
    const result = land();
    if (fate === 'unheard') throw new Error(`${operation} of ${name}: no answer`);
    return result;
  }

  #stateOf({ counter }: Hold) {
    const { name, limitPico } = counter.scope;
    let state = this.counters.get(name);
    if (!state) this.counters.set(name, (state = { available: limitPico, spent: 0n, holds: new Map() }));
    return state;
  }

  #shown(hold: Hold): CounterState {
    const { available, spent, holds } = this.#stateOf(hold);
    return { limitPico: hold.counter.scope.limitPico, availablePico: available, spentPico: spent, holds };
  }
}

const endpoint: Scope = { name: 'endpoint:summarize', limitPico: LIMIT_PICO };
const caller: Scope = { name: 'caller:ada', limitPico: LIMIT_PICO };
const account: Scope = { name: 'account', limitPico: LIMIT_PICO };
const request = (amountPico: bigint, scopes: readonly Scope[] = [endpoint, caller]): ReservationRequest => ({
  scopes,
  amountPico,
  atMs: AT_MS,
  facts: { callId: 'call', killAtMs: AT_MS + 30_000, caller: 'ada', model: 'gpt-6-luna' },
});

test('money is held in every scope under one id, the endpoint’s hold first', async () => {
  const store = new FatedStore();
  const outcome = await reserve(store, request(7n, [endpoint, caller, account]));
  if (!outcome.granted) throw new Error('refused');
  const { holds, round, amountPico } = outcome.reservation;
  expect([round, amountPico]).toEqual([0, 7n]);
  expect(holds.map(({ counter }) => counter.scope.name)).toEqual(['endpoint:summarize', 'caller:ada', 'account']);
  expect(new Set(holds.map(({ id }) => id)).size).toBe(1);
  for (const { name } of [endpoint, caller, account]) expect(store.sums(name)).toEqual([993n, 0n, 7n]);
});

test('one scope refuses: what the others gave is given back, and the refusal names the scope and how it stands', async () => {
  const store = new FatedStore();
  const tight: Scope = { ...caller, limitPico: 6n };
  const outcome = await reserve(store, request(7n, [endpoint, tight, account]));
  expect(outcome).toMatchObject({
    granted: false,
    scope: { name: 'caller:ada' },
    state: { availablePico: 6n, limitPico: 6n },
  });
  expect(store.sums('endpoint:summarize')).toEqual([1_000n, 0n, 0n]);
  expect(store.sums('account')).toEqual([1_000n, 0n, 0n]);
  // A refusal is an answer: there is no second round.
  expect(store.asked.filter((asked) => asked.startsWith('reserve'))).toHaveLength(3);
});

test('one scope is silent: the round is given up everywhere, and the next has another id', async () => {
  const store = new FatedStore((operation, scope, nth) =>
    operation === 'reserve' && scope === 'caller:ada' && nth === 1 ? 'unheard' : 'answered',
  );
  const outcome = await reserve(store, request(7n));
  if (!outcome.granted) throw new Error('refused');
  expect(outcome.reservation.round).toBe(1);
  expect(outcome.reservation.holds.every(({ id }) => id.endsWith('.1'))).toBe(true);
  expect(store.asked).toEqual([
    'reserve endpoint:summarize 0',
    'reserve caller:ada 0',
    // Both, for nobody knows whether the silent one took it.
    'settle endpoint:summarize 0',
    'settle caller:ada 0',
    'reserve endpoint:summarize 1',
    'reserve caller:ada 1',
  ]);
  for (const { name } of [endpoint, caller]) expect(store.sums(name)).toEqual([993n, 0n, 7n]);
});

test('one scope is silent and another refuses: the answer is the refusal, and the silent one is released too', async () => {
  const store = new FatedStore((operation, scope) =>
    operation === 'reserve' && scope === 'account' ? 'unheard' : 'answered',
  );
  const tight: Scope = { ...caller, limitPico: 6n };
  const outcome = await reserve(store, request(7n, [endpoint, tight, account]));
  expect(outcome).toMatchObject({ granted: false, scope: { name: 'caller:ada' } });
  expect(store.sums('account')).toEqual([1_000n, 0n, 0n]);
  expect(store.sums('endpoint:summarize')).toEqual([1_000n, 0n, 0n]);
});

test('after three rounds that nobody answered in full the error comes through, and nothing is held', async () => {
  const store = new FatedStore((operation, scope) =>
    operation === 'reserve' && scope === 'caller:ada' ? 'unheard' : 'answered',
  );
  await expect(reserve(store, request(7n))).rejects.toThrow('caller:ada: no answer');
  expect(store.asked.filter((asked) => asked.startsWith('reserve caller:ada'))).toHaveLength(3);
  for (const { name } of [endpoint, caller]) expect(store.sums(name)).toEqual([1_000n, 0n, 0n]);
});

test('a hold of a lost round that lands late stands under that round’s id, which no entry will name', async () => {
  const store = new FatedStore((operation, scope, nth) =>
    operation === 'reserve' && scope === 'caller:ada' && nth === 1 ? 'late' : 'answered',
  );
  const outcome = await reserve(store, request(7n));
  if (!outcome.granted) throw new Error('refused');
  store.landLate();
  expect(store.sums('caller:ada')).toEqual([986n, 0n, 14n]);
  await settle(store, outcome.reservation, 5n);
  const left = [...(store.counters.get('caller:ada')?.holds.keys() ?? [])];
  expect(left).toEqual([expect.stringMatching(/\.0$/)]);
  expect(left).not.toContain(outcome.reservation.holds[0]?.id);
});

test('a top-up raises every scope, or none: what was raised before the refusal is lowered again', async () => {
  const store = new FatedStore();
  const tight: Scope = { ...account, limitPico: 9n };
  const outcome = await reserve(store, request(7n, [endpoint, caller, tight]));
  if (!outcome.granted) throw new Error('refused');
  expect(await topUp(store, outcome.reservation, 10n)).toBeUndefined();
  expect(store.sums('endpoint:summarize')).toEqual([993n, 0n, 7n]);
  expect(store.sums('caller:ada')).toEqual([993n, 0n, 7n]);

  const raised = await topUp(store, outcome.reservation, 9n);
  expect(raised?.amountPico).toBe(9n);
  expect(raised?.holds.map(({ id }) => id)).toEqual(outcome.reservation.holds.map(({ id }) => id));
  for (const { name } of [endpoint, caller]) expect(store.sums(name)).toEqual([991n, 0n, 9n]);
});

test('L6 settling is the same five times as once, and gives back the holds that it could not reach', async () => {
  const silent = new Set<string>();
  const store = new FatedStore((operation, scope) =>
    operation === 'settle' && silent.has(scope) ? 'lost' : 'answered',
  );
  const outcome = await reserve(store, request(7n));
  if (!outcome.granted) throw new Error('refused');
  silent.add('caller:ada');
  const left = await settle(store, outcome.reservation, 3n);
  expect(left.map(({ counter }) => counter.scope.name)).toEqual(['caller:ada']);
  silent.clear();
  for (let again = 0; again < 5; again++) expect(await settle(store, outcome.reservation, 3n)).toEqual([]);
  for (const { name } of [endpoint, caller]) expect(store.sums(name)).toEqual([997n, 3n, 0n]);
});

test('whatever is lost, unheard or late: available + spent + Σ holds = limit in every scope, and a grant stands whole', async () => {
  const fate = fc.constantFrom<Fate>('answered', 'answered', 'answered', 'lost', 'unheard', 'late');
  const fates = fc.array(fate, { minLength: 12, maxLength: 12 });
  const amounts = fc.array(fc.bigInt({ min: 1n, max: 600n }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fates, amounts, async (fatesInTurn, amountsInTurn) => {
      let turn = 0;
      const store = new FatedStore((operation) =>
        operation === 'settle' ? 'answered' : (fatesInTurn[turn++ % 12] ?? 'answered'),
      );
      const balances = () => {
        for (const { name, limitPico } of [endpoint, caller]) {
          const [available, spent, held] = store.sums(name);
          expect(available + spent + held).toBe(limitPico);
          expect(available).toBeGreaterThanOrEqual(0n);
        }
      };
      for (const [call, amountPico] of amountsInTurn.entries()) {
        const asked = { ...request(amountPico), facts: { ...request(0n).facts, callId: `call${call}` } };
        const outcome = await reserve(store, asked).catch(() => undefined);
        balances();
        if (!outcome?.granted) continue;
        for (const { counter, id, value } of outcome.reservation.holds) {
          expect(store.counters.get(counter.scope.name)?.holds.get(id)).toBe(value);
        }
        await settle(store, outcome.reservation, amountPico / 2n);
        store.landLate();
        balances();
      }
    }),
    { seed: 20_261_122, numRuns: 500 },
  );
});
