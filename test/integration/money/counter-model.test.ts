import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPartStore, type PartStore } from '#budgets/part-store.ts';
import { createTables, localTableName } from '#infra/local/create-tables.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import { patientDynamoDb } from '#test/support/patient-dynamodb.ts';
import { sharedDynamoDb } from '#test/support/shared-dynamodb.ts';

const SEED = 20_261_122;
const LIMIT_PICO = 100n;

/** Counters over the embedded DynamoDB; each run of a property opens one of its own. */
async function openStore() {
  const endpoint = await sharedDynamoDb();
  const prefix = `counters-${randomUUID()}`;
  await createTables(endpoint, prefix);
  const store = createPartStore(patientDynamoDb(endpoint), localTableName('budgets', prefix));
  let counters = 0;
  const openNext = async () => {
    const key = `endpoint:model-${counters++}#2026-11#0`;
    const opened = { key, limitPico: LIMIT_PICO, availablePico: LIMIT_PICO, spentPico: 0n, holds: new Map() };
    expect(await store.open(opened)).toBe(true);
    // Once: whoever comes second finds it there.
    expect(await store.open({ ...opened, limitPico: 1n, availablePico: 1n })).toBe(false);
    return key;
  };
  return { store, openNext };
}

const pieceOf = (part: string, call: number, pico: bigint) => ({
  part,
  id: `expiry.call${call}.0`,
  value: `${pico}||ada|gpt-6-luna|`,
});

/** The counter in words of its own: what is left, what is spent, who holds what. */
interface Model {
  available: bigint;
  spent: bigint;
  readonly held: Map<number, bigint>;
}

const operation = fc.record({
  kind: fc.constantFrom('reserve', 'reserve', 'top up', 'lower', 'settle', 'settle stale'),
  call: fc.nat(5),
  pico: fc.bigInt({ min: 0n, max: 60n }),
});
type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;

/** Does to the model what the operation means, and to the store what it says; both must answer alike. */
async function step(model: Model, store: PartStore, key: string, { kind, call, pico }: Operation) {
  const held = model.held.get(call);
  const standing = pieceOf(key, call, held ?? pico);
  switch (kind) {
    case 'reserve': {
      // A call that holds already keeps its hold: a repeat takes nothing.
      const isTaken = held === undefined && model.available >= pico;
      if (isTaken) {
        model.available -= pico;
        model.held.set(call, pico);
      }
      expect(await store.reserve(pieceOf(key, call, pico))).toBe(isTaken ? 'taken' : 'refused');
      return;
    }
    case 'top up':
    case 'lower': {
      const next = (held ?? 0n) + (kind === 'top up' ? pico : -pico);
      if (next < 0n) return;
      const more = next - (held ?? 0n);
      // To the same amount is no change, which succeeds where the hold stands, also with nothing left.
      const isRaised = held !== undefined && (more === 0n || model.available >= more);
      if (isRaised) {
        model.available -= more;
        model.held.set(call, next);
      }
      // Without a hold nothing can be raised.
      expect(await store.topUp(standing, pieceOf(key, call, next).value)).toBe(isRaised);
      return;
    }
    case 'settle': {
      if (held !== undefined) {
        model.available += held - pico;
        model.spent += pico;
        model.held.delete(call);
      }
      expect(await store.settle(standing, pico)).toBe(held !== undefined);
      return;
    }
    case 'settle stale':
      // Whoever knows an older amount of a hold settles nothing.
      expect(await store.settle(pieceOf(key, call, 999n), pico)).toBe(false);
  }
}

test('a counter does what its model does, in any order of reserving, repeating, raising, lowering and settling', async () => {
  const { store, openNext } = await openStore();
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 25 }), async (operations) => {
      const key = await openNext();
      const model: Model = { available: LIMIT_PICO, spent: 0n, held: new Map() };
      for (const next of operations) {
        await step(model, store, key, next);
        const state = expectBalanced(await store.read(key));
        expect(state).toMatchObject({ availablePico: model.available, spentPico: model.spent });
        expect(state.holds.size).toBe(model.held.size);
      }
    }),
    { seed: SEED, numRuns: 40 },
  );
});

test('the last of a counter may be taken and no more; a frozen one takes nothing and raises nothing, and gives back what it has', async () => {
  const { store, openNext } = await openStore();
  const key = await openNext();
  const [first, second] = [pieceOf(key, 1, 60n), pieceOf(key, 2, 40n)];
  expect([await store.reserve(first), await store.reserve(second)]).toEqual(['taken', 'taken']);
  expect(await store.reserve(pieceOf(key, 3, 1n))).toBe('refused');
  expect(await store.settle(second, 10n)).toBe(true);

  expect(await store.freeze(key, 4)).toMatchObject({ frozen: 4, availablePico: 30n });
  expect(await store.reserve(pieceOf(key, 4, 1n))).toBe('refused');
  expect(await store.topUp(first, pieceOf(key, 1, 61n).value)).toBe(false);
  expect(await store.settle(first, 60n)).toBe(true);
  expect(expectBalanced(await store.read(key))).toMatchObject({ frozen: 4, availablePico: 30n, spentPico: 70n });
});

test('what a later change has had its hand on, an earlier one leaves alone, also after it has thawed', async () => {
  const { store, openNext } = await openStore();
  const key = await openNext();
  expect(await store.freeze(key, 4)).toMatchObject({ frozen: 4 });
  // A repeat of the same change finds it as it wants it.
  expect(await store.freeze(key, 4)).toMatchObject({ frozen: 4 });
  expect(await store.freeze(key, 3)).toBeUndefined();
  expect(await store.share(key, { oldPico: 100n, newPico: 120n, revision: 3, staysFrozen: false })).toBe(false);
  expect(await store.share(key, { oldPico: 100n, newPico: 120n, revision: 4, staysFrozen: false })).toBe(true);
  for (const late of [3, 4]) expect(await store.freeze(key, late)).toBeUndefined();
  expect(await store.reserve(pieceOf(key, 1, 120n))).toBe('taken');
  expect(await store.freeze(key, 5)).toMatchObject({ frozen: 5 });
});

test('a head gives its share to the last change alone, also where that changes nothing, and follows no older settings', async () => {
  const { store } = await openStore();
  const key = 'endpoint:head#2026-11#0';
  const head = { totalPico: 100n, shards: 1, source: 2 };
  await store.open({ key, limitPico: 100n, availablePico: 100n, spentPico: 0n, holds: new Map(), head });
  const take = (revision: number, source: number) =>
    store.takeRevision(key, { revision, most: 1, source, freezes: false });
  expect(await take(0, 1)).toBeUndefined();
  expect(await take(0, 2)).toMatchObject({ head: { revision: 1, source: 2 } });
  expect(await take(0, 3)).toBeUndefined();
  expect(await take(1, 3)).toMatchObject({ head: { revision: 2, source: 3 } });
  const same = { oldPico: 100n, newPico: 100n, staysFrozen: false };
  const whole = { totalPico: 100n, shards: 1 };
  expect(await store.share(key, { ...same, revision: 1, whole })).toBe(false);
  expect(await store.share(key, { ...same, revision: 2, whole })).toBe(true);
});

test('a top-up or a share that is sent again after its answer was lost meets its own success', async () => {
  const { store, openNext } = await openStore();
  const key = await openNext();
  const piece = pieceOf(key, 1, 60n);
  await store.reserve(piece);
  const { value } = pieceOf(key, 1, 90n);
  expect([await store.topUp(piece, value), await store.topUp(piece, value)]).toEqual([true, true]);
  expect(expectBalanced(await store.read(key)).availablePico).toBe(10n);
  await store.freeze(key, 1);
  const share = { oldPico: 100n, newPico: 95n, revision: 1, staysFrozen: false };
  expect([await store.share(key, share), await store.share(key, share)]).toEqual([true, true]);
  expect(expectBalanced(await store.read(key))).toMatchObject({ limitPico: 95n, availablePico: 5n });
});

/** One process's way with one call: what it asks for, by how much it raises, what it cost; it may repeat itself. */
const life = fc.record({
  pico: fc.bigInt({ min: 1n, max: 40n }),
  raisePico: fc.bigInt({ min: 0n, max: 20n }),
  actualShare: fc.nat(100),
  repeats: fc.nat(2),
  dies: fc.boolean(),
});
type Life = typeof life extends fc.Arbitrary<infer Value> ? Value : never;

/** What a life did to the counter: spent, and still held. */
async function live(store: PartStore, key: string, call: number, of: Life) {
  const first = pieceOf(key, call, of.pico);
  const results = await Promise.all(Array.from({ length: 1 + of.repeats }, () => store.reserve(first)));
  const taken = results.filter((result) => result === 'taken');
  expect(taken.length).toBeLessThanOrEqual(1);
  if (taken.length === 0) return { spent: 0n, held: 0n };
  const raised = pieceOf(key, call, of.pico + of.raisePico);
  const isRaised = await store.topUp(first, raised.value);
  const [piece, heldPico] = isRaised ? [raised, of.pico + of.raisePico] : [first, of.pico];
  if (of.dies) return { spent: 0n, held: heldPico };
  const actualPico = (heldPico * BigInt(of.actualShare)) / 100n;
  const settled = await Promise.all(Array.from({ length: 1 + of.repeats }, () => store.settle(piece, actualPico)));
  expect(settled.filter(Boolean)).toHaveLength(1);
  return { spent: actualPico, held: 0n };
}

test('L1 L6 however calls interleave, repeat themselves and die, a counter is never overspent and loses nothing', async () => {
  const { store, openNext } = await openStore();
  await fc.assert(
    fc.asyncProperty(fc.array(life, { minLength: 2, maxLength: 10 }), async (lives) => {
      const key = await openNext();
      const ends = await Promise.all(lives.map((each, call) => live(store, key, call, each)));
      const spent = ends.reduce((sum, end) => sum + end.spent, 0n);
      const held = ends.reduce((sum, end) => sum + end.held, 0n);
      const state = expectBalanced(await store.read(key));
      expect(state).toMatchObject({ spentPico: spent, availablePico: LIMIT_PICO - spent - held });
      expect(state.availablePico).toBeGreaterThanOrEqual(0n);
    }),
    { seed: SEED, numRuns: 40 },
  );
});
