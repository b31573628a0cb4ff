import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createCounterStore, type CounterStore, type Hold } from '#budgets/counter-store.ts';
import { counterFor, type Scope } from '#budgets/scopes.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import { patientDynamoDb } from '#test/support/patient-dynamodb.ts';
import { sharedDynamoDb } from '#test/support/shared-dynamodb.ts';
import { createTables, localTableName } from '#infra/local/create-tables.ts';

const SEED = 20_261_122;
const LIMIT_PICO = 100n;
const AT_MS = Date.UTC(2026, 10, 22);

/** Counters over the embedded DynamoDB; each run of a property takes a scope of its own. */
async function openStore() {
  const endpoint = await sharedDynamoDb();
  const prefix = `counters-${randomUUID()}`;
  await createTables(endpoint, prefix);
  const store = createCounterStore(patientDynamoDb(endpoint), localTableName('budgets', prefix));
  let scopes = 0;
  const nextCounter = () => {
    const scope: Scope = { name: `endpoint:model-${scopes++}`, limitPico: LIMIT_PICO };
    return counterFor(scope, AT_MS);
  };
  return { store, nextCounter };
}

const holdOf = (counter: Hold['counter'], call: number, pico: bigint): Hold => ({
  counter,
  id: `expiry.call${call}.0`,
  value: `${pico}|ada|gpt-6-luna|`,
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
async function step(model: Model, store: CounterStore, counter: Hold['counter'], { kind, call, pico }: Operation) {
  const held = model.held.get(call);
  const standing = holdOf(counter, call, held ?? pico);
  switch (kind) {
    case 'reserve': {
      // A call that holds already has its hold: a repeat takes nothing.
      const isGranted = held !== undefined || model.available >= pico;
      if (held === undefined && isGranted) {
        model.available -= pico;
        model.held.set(call, pico);
      }
      expect((await store.reserve(holdOf(counter, call, pico))).granted).toBe(isGranted);
      return;
    }
    case 'top up':
    case 'lower': {
      const next = (held ?? 0n) + (kind === 'top up' ? pico : -pico);
      if (next < 0n) return;
      const more = next - (held ?? 0n);
      const isRaised = held !== undefined && model.available >= more;
      if (isRaised) {
        model.available -= more;
        model.held.set(call, next);
      }
      // Without a hold nothing can be raised. To the same amount is no change, which succeeds where the hold stands.
      expect(await store.topUp(standing, holdOf(counter, call, next).value)).toBe(isRaised);
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
      expect(await store.settle(holdOf(counter, call, 999n), pico)).toBe(false);
  }
}

test('a counter does what its model does, in any order of reserving, repeating, raising, lowering and settling', async () => {
  const { store, nextCounter } = await openStore();
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 25 }), async (operations) => {
      const counter = nextCounter();
      const model: Model = { available: LIMIT_PICO, spent: 0n, held: new Map() };
      // A counter opens with its first reservation.
      await step(model, store, counter, { kind: 'reserve', call: 0, pico: 1n });
      for (const next of operations) {
        await step(model, store, counter, next);
        const state = expectBalanced(await store.read(counter));
        expect(state).toMatchObject({ availablePico: model.available, spentPico: model.spent });
        expect(state.holds.size).toBe(model.held.size);
      }
    }),
    { seed: SEED, numRuns: 40 },
  );
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
async function live(store: CounterStore, counter: Hold['counter'], call: number, of: Life) {
  const first = holdOf(counter, call, of.pico);
  const results = await Promise.all(Array.from({ length: 1 + of.repeats }, () => store.reserve(first)));
  if (!results.some(({ granted }) => granted)) return { spent: 0n, held: 0n };
  const raised = holdOf(counter, call, of.pico + of.raisePico);
  const isRaised = await store.topUp(first, raised.value);
  const [hold, heldPico] = isRaised ? [raised, of.pico + of.raisePico] : [first, of.pico];
  if (of.dies) return { spent: 0n, held: heldPico };
  const actualPico = (heldPico * BigInt(of.actualShare)) / 100n;
  const settled = await Promise.all(Array.from({ length: 1 + of.repeats }, () => store.settle(hold, actualPico)));
  expect(settled.filter(Boolean)).toHaveLength(1);
  return { spent: actualPico, held: 0n };
}

test('L1 L6 however calls interleave, repeat themselves and die, a counter is never overspent and loses nothing', async () => {
  const { store, nextCounter } = await openStore();
  await fc.assert(
    fc.asyncProperty(fc.array(life, { minLength: 2, maxLength: 10 }), async (lives) => {
      const counter = nextCounter();
      const ends = await Promise.all(lives.map((each, call) => live(store, counter, call, each)));
      const spent = ends.reduce((sum, end) => sum + end.spent, 0n);
      const held = ends.reduce((sum, end) => sum + end.held, 0n);
      const state = expectBalanced(await store.read(counter));
      expect(state).toMatchObject({ spentPico: spent, availablePico: LIMIT_PICO - spent - held });
      expect(state.availablePico).toBeGreaterThanOrEqual(0n);
    }),
    { seed: SEED, numRuns: 40 },
  );
});
