import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { reserve, settle, topUp, type ReservationRequest } from '#budgets/reservation.ts';
import type { Scope } from '#budgets/scopes.ts';
import { FatedCounters, type Fate } from '#test/support/fated-counters.ts';

const AT_MS = Date.UTC(2026, 10, 22, 12);
const LIMIT_PICO = 1_000n;
const endpoint: Scope = { name: 'endpoint:summarize', limitPico: LIMIT_PICO };
const caller: Scope = { name: 'caller:ada', limitPico: LIMIT_PICO };
const account: Scope = { name: 'account', limitPico: LIMIT_PICO };
const request = (amountPico: bigint, scopes: readonly Scope[] = [endpoint, caller]): ReservationRequest => ({
  scopes,
  amountPico,
  atMs: AT_MS,
  facts: { callId: 'call', killAtMs: AT_MS + 30_000, caller: 'ada', model: 'gpt-6-luna' },
  mayGoOn: () => true,
});

test('money is held in every scope under one id, the endpoint’s hold first', async () => {
  const store = new FatedCounters();
  const outcome = await reserve(store, request(7n, [endpoint, caller, account]));
  if (!outcome.granted) throw new Error('refused');
  const { holds, round, amountPico } = outcome.reservation;
  expect([round, amountPico]).toEqual([0, 7n]);
  expect(holds.map(({ counter }) => counter.scope.name)).toEqual(['endpoint:summarize', 'caller:ada', 'account']);
  expect(new Set(holds.map(({ id }) => id)).size).toBe(1);
  for (const scope of [endpoint, caller, account]) expect(store.sums(scope)).toEqual([993n, 0n, 7n]);
});

test('one scope refuses: what the others gave is given back, and the refusal names the scope and how it stands', async () => {
  const store = new FatedCounters();
  const tight: Scope = { ...caller, limitPico: 6n };
  const outcome = await reserve(store, request(7n, [endpoint, tight, account]));
  expect(outcome).toMatchObject({
    granted: false,
    scope: { name: 'caller:ada' },
    state: { availablePico: 6n, limitPico: 6n },
  });
  expect(store.sums(endpoint)).toEqual([1_000n, 0n, 0n]);
  expect(store.sums(account)).toEqual([1_000n, 0n, 0n]);
  // A refusal is an answer: there is no second round.
  expect(store.asked.filter((asked) => asked.startsWith('reserve'))).toHaveLength(3);
});

test('a call whose time is over begins no further round', async () => {
  const silent = () => new FatedCounters((operation) => (operation === 'reserve' ? 'lost' : 'answered'));
  const askedOf = async (store: FatedCounters, mayGoOn: () => boolean) => {
    await expect(reserve(store, { ...request(7n, [endpoint]), mayGoOn })).rejects.toThrow();
    return store.asked.filter((asked) => asked.startsWith('reserve')).length;
  };
  expect(await askedOf(silent(), () => true)).toBe(3);
  expect(await askedOf(silent(), () => false)).toBe(1);
  let looks = 0;
  expect(await askedOf(silent(), () => ++looks === 1)).toBe(2);
});

test('one scope is silent: the round is given up everywhere, and the next has another id', async () => {
  const store = new FatedCounters((operation, scope, nth) =>
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
  for (const scope of [endpoint, caller]) expect(store.sums(scope)).toEqual([993n, 0n, 7n]);
});

test('one scope is silent and another refuses: the answer is the refusal, and the silent one is released too', async () => {
  const store = new FatedCounters((operation, scope) =>
    operation === 'reserve' && scope === 'account' ? 'unheard' : 'answered',
  );
  const tight: Scope = { ...caller, limitPico: 6n };
  const outcome = await reserve(store, request(7n, [endpoint, tight, account]));
  expect(outcome).toMatchObject({ granted: false, scope: { name: 'caller:ada' } });
  expect(store.sums(account)).toEqual([1_000n, 0n, 0n]);
  expect(store.sums(endpoint)).toEqual([1_000n, 0n, 0n]);
});

test('after three rounds that nobody answered in full the error comes through, and nothing is held', async () => {
  const store = new FatedCounters((operation, scope) =>
    operation === 'reserve' && scope === 'caller:ada' ? 'unheard' : 'answered',
  );
  await expect(reserve(store, request(7n))).rejects.toThrow('caller:ada: no answer');
  expect(store.asked.filter((asked) => asked.startsWith('reserve caller:ada'))).toHaveLength(3);
  for (const scope of [endpoint, caller]) expect(store.sums(scope)).toEqual([1_000n, 0n, 0n]);
});

test('a hold of a lost round that lands late stands under that round’s id, which no entry will name', async () => {
  const store = new FatedCounters((operation, scope, nth) =>
    operation === 'reserve' && scope === 'caller:ada' && nth === 1 ? 'late' : 'answered',
  );
  const outcome = await reserve(store, request(7n));
  if (!outcome.granted) throw new Error('refused');
  store.landLate();
  expect(store.sums(caller)).toEqual([986n, 0n, 14n]);
  await settle(store, outcome.reservation, 5n);
  const left = [...(store.counters.get('caller:ada')?.holds.keys() ?? [])];
  expect(left).toEqual([expect.stringMatching(/\.0$/)]);
  expect(left).not.toContain(outcome.reservation.holds[0]?.id);
});

test('a top-up raises every scope, or none: what was raised before the refusal is lowered again', async () => {
  const store = new FatedCounters();
  const tight: Scope = { ...account, limitPico: 9n };
  const outcome = await reserve(store, request(7n, [endpoint, caller, tight]));
  if (!outcome.granted) throw new Error('refused');
  expect(await topUp(store, outcome.reservation, 10n)).toBeUndefined();
  expect(store.sums(endpoint)).toEqual([993n, 0n, 7n]);
  expect(store.sums(caller)).toEqual([993n, 0n, 7n]);

  const raised = await topUp(store, outcome.reservation, 9n);
  expect(raised?.amountPico).toBe(9n);
  expect(raised?.holds.map(({ id }) => id)).toEqual(outcome.reservation.holds.map(({ id }) => id));
  for (const scope of [endpoint, caller]) expect(store.sums(scope)).toEqual([991n, 0n, 9n]);
});

test('L6 settling is the same five times as once, and gives back the holds that it could not reach', async () => {
  const silent = new Set<string>();
  const store = new FatedCounters((operation, scope) =>
    operation === 'settle' && silent.has(scope) ? 'lost' : 'answered',
  );
  const outcome = await reserve(store, request(7n));
  if (!outcome.granted) throw new Error('refused');
  silent.add('caller:ada');
  const left = await settle(store, outcome.reservation, 3n);
  expect(left.map(({ counter }) => counter.scope.name)).toEqual(['caller:ada']);
  silent.clear();
  for (let again = 0; again < 5; again++) expect(await settle(store, outcome.reservation, 3n)).toEqual([]);
  for (const scope of [endpoint, caller]) expect(store.sums(scope)).toEqual([997n, 3n, 0n]);
});

test('whatever is lost, unheard or late: available + spent + Σ holds = limit in every scope, and a grant stands whole', async () => {
  const fate = fc.constantFrom<Fate>('answered', 'answered', 'answered', 'lost', 'unheard', 'late');
  const fates = fc.array(fate, { minLength: 12, maxLength: 12 });
  const amounts = fc.array(fc.bigInt({ min: 1n, max: 600n }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fates, amounts, async (fatesInTurn, amountsInTurn) => {
      let turn = 0;
      const store = new FatedCounters((operation) =>
        operation === 'settle' ? 'answered' : (fatesInTurn[turn++ % 12] ?? 'answered'),
      );
      const balances = () => {
        for (const scope of [endpoint, caller]) {
          const [available, spent, held] = store.sums(scope);
          expect(available + spent + held).toBe(scope.limitPico);
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
