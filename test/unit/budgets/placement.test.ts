import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { partKey } from '#budgets/budget.ts';
import { heldPico, type Piece } from '#budgets/hold.ts';
import type { TakeRequest } from '#budgets/placement.ts';
import { reserve } from '#budgets/reservation.ts';
import { isThrottled } from '#platform/aws/signed-service.ts';
import { FakeClock } from '#test/support/fake-clock.ts';
import type { Fate, FateOf } from '#test/support/fates.ts';
import { MemoryBudgets } from '#test/support/memory-budgets.ts';
import { monthOf } from '#test/support/month-of.ts';
import { PassingClock } from '#test/support/passing-clock.ts';
import { requestFor } from '#test/support/request-for.ts';
import { seededRandom } from '#test/support/seeded-random.ts';

const NOON_MS = Date.UTC(2026, 10, 22, 12);
/** Shards of 100 each. */
const budget = monthOf('endpoint:summarize', 400n, 4);
const shard = (number: number) => partKey(budget, number);
const id = 'expiry.call.0';

const taking = (amountPico: bigint, more: Partial<Omit<TakeRequest, 'valueOf'>> = {}): TakeRequest => ({
  budget,
  id,
  amountPico,
  valueOf: (pico) => `${pico}|summarize`,
  asked: [],
  signal: new AbortController().signal,
  ...more,
});

/** What a generator of random numbers gives whose environment has this shard for its own. */
const ownShard = (number: number) => () => number / 2 ** 30;
/** Takes, and gives the pieces. @throws when they are not granted */
async function pieces(room: MemoryBudgets, request: TakeRequest): Promise<readonly Piece[]> {
  const taken = await room.placement.take(request);
  if (taken === 'again' || !taken.granted) throw new Error('not granted');
  return taken.pieces;
}

const amounts = (pieces: readonly Piece[]) => pieces.map(({ part, value }) => [part, heldPico(value)]);

/** A process that finds the budget open, and its shards with so much left. */
async function having(available: readonly bigint[], options: { fateOf?: FateOf; random?: () => number } = {}) {
  const room = await MemoryBudgets.having([budget], options);
  for (const [number, pico] of available.entries()) take(room, number, 100n - pico, `rival.${number}`);
  return room;
}

/** Somebody else holds in a shard. */
function take(room: MemoryBudgets, number: number, pico: bigint, by = 'rival'): void {
  const part = room.parts.counters.get(shard(number))!;
  part.availablePico -= pico;
  part.holds.set(by, `${pico}|summarize`);
}

test('an environment takes from its own shard, in one request', async () => {
  for (const own of [0, 1, 3]) {
    const room = await having([100n, 100n, 100n, 100n], { random: ownShard(own) });
    expect(await room.placement.take(taking(60n))).toMatchObject({ granted: true, pieces: [{ part: shard(own), id }] });
    expect(room.fates.asked).toEqual([`reserve ${shard(own)} 0`]);
  }
});

test('own shards are spread evenly over environments', async () => {
  const random = seededRandom(20_261_122);
  const counts = [0, 0, 0, 0];
  for (let environment = 0; environment < 400; environment++) {
    const [piece] = await pieces(await having([], { random }), taking(1n));
    counts[Number(piece?.part.at(-1))]! += 1;
  }
  for (const count of counts) expect(Math.abs(count - 100)).toBeLessThan(40);
});

test('the own shard has not enough: one that has is looked for, and what was refused is not released', async () => {
  const room = await having([10n, 20n, 70n, 30n]);
  const asked: Piece[] = [];
  const taken = await room.placement.take(taking(60n, { asked }));
  expect(taken).toMatchObject({ granted: true, pieces: [{ part: shard(2), value: '60|summarize' }] });
  expect(room.fates.askedFor('reserve', 'settle')).toEqual([`reserve ${shard(0)} 0`, `reserve ${shard(2)} 0`]);
  // Only what stands would have to be given back.
  expect(amounts(asked)).toEqual([[shard(2), 60n]]);
});

test('no shard has enough and together they have: the hold is split, the largest remainders first, so that few are needed', async () => {
  const room = await having([10n, 40n, 70n, 30n]);
  expect(amounts(await pieces(room, taking(100n)))).toEqual([
    [shard(2), 70n],
    [shard(1), 30n],
  ]);
  expect(room.sums(budget)).toEqual([50n, 0n, 350n]);
  // To the last pico-dollar.
  expect(amounts(await pieces(room, taking(50n, { id: 'expiry.last.0' })))).toEqual([
    [shard(3), 30n],
    [shard(0), 10n],
    [shard(1), 10n],
  ]);
});

/** Somebody is quicker by 40 in this shard. */
const quicker =
  (room: () => MemoryBudgets, number: number): FateOf =>
  (operation, key, nth) => {
    if (operation === 'reserve' && key === shard(number) && nth === 1) take(room(), number, 40n, 'quicker');
    return 'answered';
  };

test('all or none: a piece of a split is gone as it is asked for, so the others are given back, and another round may try', async () => {
  const room: MemoryBudgets = await having([10n, 40n, 70n, 30n], { fateOf: quicker(() => room, 1) });
  expect(await room.placement.take(taking(100n))).toBe('again');
  // Not under the same id: a release that is repeated might take the second hold for the first.
  expect(room.fates.askedFor('reserve')).toEqual([0, 2, 1].map((number) => `reserve ${shard(number)} 0`));
  expect(room.fates.askedFor('settle')).toEqual([`settle ${shard(2)} 0`]);
  expect(room.sums(budget)).toEqual([110n, 0n, 290n]);
  expect(amounts(await pieces(room, taking(100n, { id: 'expiry.call.1' })))).toEqual([
    [shard(2), 70n],
    [shard(3), 30n],
  ]);
});

test('all or none, with several budgets: the next round finds what is left, or is refused, and nothing is held twice', async () => {
  for (const [amountPico, isEnough] of [
    [100n, true],
    [140n, false],
  ] as const) {
    const room: MemoryBudgets = await having([10n, 40n, 70n, 30n], { fateOf: quicker(() => room, 1) });
    const caller = monthOf('caller:ada');
    await room.book.openAndRead(caller);
    const outcome = await reserve(room, requestFor(amountPico, [budget, caller]));
    expect(outcome).toMatchObject(
      isEnough
        ? { granted: true, reservation: { facts: { round: 1 } } }
        : { granted: false, status: { availablePico: 110n } },
    );
    const heldPico = isEnough ? amountPico : 0n;
    expect(room.sums(caller)).toEqual([1_000n - heldPico, 0n, heldPico]);
    expect(room.sums(budget)[0]).toBe(110n - heldPico);
  }
});

test('a budget that has not enough refuses with its figures, all shards together', async () => {
  const room = await having([10n, 40n, 70n, 30n]);
  expect(await room.placement.take(taking(151n))).toEqual({
    granted: false,
    status: {
      budget: { scope: 'endpoint:summarize', window: '2026-11', kind: 'month' },
      limitPico: 400n,
      spentPico: 0n,
      heldPico: 250n,
      availablePico: 150n,
      usablePico: 150n,
    },
  });
  expect(room.sums(budget)).toEqual([150n, 0n, 250n]);
});

test('sequential calls use a budget up to less than one call, over any number of shards', async () => {
  const anyCalls = fc.array(fc.bigInt({ min: 1n, max: 300n }), { minLength: 5, maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 6 }), anyCalls, async (shards, calls) => {
      const sharded = monthOf('endpoint:summarize', 1_000n, shards);
      const clock = new FakeClock();
      const room = await MemoryBudgets.having([sharded], { clock });
      let leftPico = 1_000n;
      for (const [call, pico] of calls.entries()) {
        const taken = await room.placement.take(taking(pico, { budget: sharded, id: `expiry.call${call}.0` }));
        expect(taken).toMatchObject({ granted: pico <= leftPico });
        if (pico <= leftPico) leftPico -= pico;
        expect(room.sums(sharded)).toEqual([leftPico, 0n, 1_000n - leftPico]);
      }
    }),
    { seed: 20_261_122, numRuns: 60 },
  );
});

test('L1 side by side too, whoever is slow: never more is held than there is, and who is refused could not have been served', async () => {
  const fates = fc.array(fc.constantFrom<Fate>('answered', 'slow'), { minLength: 16, maxLength: 16 });
  const anyCalls = fc.array(fc.bigInt({ min: 1n, max: 300n }), { minLength: 2, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(fates, anyCalls, async (inTurn, calls) => {
      let turn = 0;
      const fateOf: FateOf = () => inTurn[turn++ % 16]!;
      const room = await MemoryBudgets.having([budget], {
        fateOf,
        clock: new PassingClock(NOON_MS),
        random: () => (turn % 9) / 9,
      });
      const taken = await Promise.all(
        calls.map((pico, call) =>
          room.placement.take(taking(pico, { id: `expiry.call${call}.0` })).catch(() => 'again' as const),
        ),
      );
      let heldPico = 0n;
      for (const [call, outcome] of taken.entries()) {
        if (outcome === 'again') continue;
        if (outcome.granted) heldPico += calls[call]!;
        else expect(outcome.status.availablePico).toBeLessThan(calls[call]!);
      }
      expect(room.sums(budget)).toEqual([400n - heldPico, 0n, heldPico]);
    }),
    { seed: 20_261_122, numRuns: 200 },
  );
});

test('a throttled shard has answered: another is asked, and the busy one is not even asked to release', async () => {
  const fateOf: FateOf = (operation, key) => (operation === 'reserve' && key === shard(0) ? 'throttled' : 'answered');
  const room = await having([100n, 100n, 100n, 100n], { fateOf });
  const asked: Piece[] = [];
  const taken = await pieces(room, taking(60n, { asked }));
  expect(taken[0]?.part).not.toBe(shard(0));
  expect(amounts(asked)).toEqual(amounts(taken));
  expect(room.fates.askedFor('settle')).toEqual([]);
  expect(room.sums(budget)).toEqual([340n, 0n, 60n]);
});

test('all shards throttled: nobody can say whether it fits, so it is an error and not a refusal, and nothing is held', async () => {
  const fateOf: FateOf = (operation) => (operation === 'reserve' ? 'throttled' : 'answered');
  const room = await having([100n, 100n, 100n, 100n], { fateOf });
  const asked: Piece[] = [];
  await expect(room.placement.take(taking(60n, { asked }))).rejects.toThrow(budget.key);
  expect(asked).toEqual([]);
  expect(room.sums(budget)).toEqual([400n, 0n, 0n]);
});

test('a frozen shard is passed over', async () => {
  const room = await having([100n, 10n, 100n, 10n]);
  await room.parts.freeze(shard(0), 1);
  expect(amounts(await pieces(room, taking(60n)))).toEqual([[shard(2), 60n]]);
});

test('the money lies in frozen shards: it is waited for, and taken as they thaw', async () => {
  let looks = 0;
  const fateOf: FateOf = (operation, key) => {
    if (operation === 'read' && key === shard(0) && ++looks === 3) delete room.parts.counters.get(shard(2))!.frozen;
    return 'answered';
  };
  const room = await having([10n, 10n, 100n, 10n], { fateOf });
  for (const number of [0, 1, 2, 3]) await room.parts.freeze(shard(number), 1);
  expect(amounts(await pieces(room, taking(60n)))).toEqual([[shard(2), 60n]]);
  expect(looks).toBe(3);
});

test('the money lies in frozen shards that do not thaw: an error, for it may be there in a moment', async () => {
  const room = await having([100n, 100n, 100n, 100n]);
  for (const number of [0, 1, 2, 3]) await room.parts.freeze(shard(number), 1);
  await expect(room.placement.take(taking(60n))).rejects.toThrow('changes faster than it can be read');
  expect(room.sums(budget)).toEqual([400n, 0n, 0n]);
});

test('frozen shards that have not enough even together are not waited for: a refusal', async () => {
  const room = await having([10n, 10n, 10n, 10n]);
  for (const number of [0, 1, 2, 3]) await room.parts.freeze(shard(number), 1);
  expect(await room.placement.take(taking(60n))).toMatchObject({ granted: false, status: { availablePico: 40n } });
});

test('a wait for money that moves ends with the call', async () => {
  const room = await having([100n, 100n, 100n, 100n], { random: () => 0.5 });
  for (const number of [0, 1, 2, 3]) await room.parts.freeze(shard(number), 1);
  const controller = new AbortController();
  const taken = room.placement.take(taking(60n, { signal: controller.signal }));
  controller.abort(new Error('the deadline'));
  await expect(taken).rejects.toThrow('the deadline');
});

test('after a refusal an environment looks before it asks, for a second: a refused write costs as much as one that is granted', async () => {
  const clock = new FakeClock();
  const room = await MemoryBudgets.having([budget], { clock });
  for (const number of [0, 1, 2, 3]) take(room, number, 90n);
  expect(await room.placement.take(taking(60n))).toMatchObject({ granted: false });
  room.fates.asked.length = 0;

  await clock.advance(999);
  expect(await room.placement.take(taking(60n))).toMatchObject({ granted: false });
  expect(room.fates.askedFor('reserve')).toEqual([]);
  // What has come back meanwhile is found.
  await room.parts.settle({ part: shard(3), id: 'rival', value: '90|summarize' }, 0n);
  expect(amounts(await pieces(room, taking(60n)))).toEqual([[shard(3), 60n]]);
  expect(room.fates.askedFor('reserve')).toEqual([`reserve ${shard(3)} 0`]);

  // A second after the last refusal the own shard is asked straight away again.
  await clock.advance(1_000);
  room.fates.asked.length = 0;
  expect(await room.placement.take(taking(5n, { id: 'expiry.later.0' }))).toMatchObject({ granted: true });
  expect(room.fates.asked).toEqual([`reserve ${shard(0)} 0`]);
});

test('too busy to be read just after it refused, a budget refuses as it did; later, or for less than it had, it is an error', async () => {
  const clock = new FakeClock();
  let isBusy = false;
  const fateOf: FateOf = (operation) => (isBusy && operation !== 'settle' ? 'throttled' : 'answered');
  const room = await MemoryBudgets.having([budget], { clock, fateOf });
  for (const number of [0, 1, 2, 3]) take(room, number, 90n);
  const refused = await room.placement.take(taking(60n));
  expect(refused).toMatchObject({ granted: false, status: { availablePico: 40n } });

  isBusy = true;
  expect(await room.placement.take(taking(60n))).toEqual(refused);
  const busy = (amountPico: bigint) => room.placement.take(taking(amountPico)).catch((error: unknown) => error);
  expect(isThrottled(await busy(40n))).toBe(true);
  await clock.advance(1_000);
  expect(isThrottled(await busy(60n))).toBe(true);
});

test('a request that landed although it was called refused is found by its id, and nothing is taken twice', async () => {
  const room = await having([100n, 100n, 100n, 100n]);
  await room.parts.reserve({ part: shard(0), id, value: '60|summarize' });
  expect(amounts(await pieces(room, taking(60n)))).toEqual([[shard(0), 60n]]);
  expect(room.sums(budget)).toEqual([340n, 0n, 60n]);
});

test('a further piece is looked for where none of the call stands yet', async () => {
  const room = await having([100n, 100n, 10n, 10n]);
  expect(amounts(await pieces(room, taking(60n, { without: [shard(0)] })))).toEqual([[shard(1), 60n]]);
  expect(room.fates.askedFor('reserve')).toEqual([`reserve ${shard(1)} 0`]);
});

test('an environment that knew more shards, or fewer, finds the money where it lies now, and opens nothing', async () => {
  const opened = await MemoryBudgets.having([budget]);
  // It thinks of eight shards, and its own would be the seventh; then of one.
  for (const [shards, ways] of [
    [8, [6, 0]],
    [1, [0]],
  ] as const) {
    const room = new MemoryBudgets({ over: opened, random: ownShard(6) });
    const taken = await pieces(room, taking(30n, { budget: { ...budget, shards }, id: `expiry.call${shards}.0` }));
    expect(amounts(taken)).toEqual([[shard(0), 30n]]);
    expect(room.fates.askedFor('reserve')).toEqual(ways.map((number) => `reserve ${shard(number)} 0`));
  }
  expect([...opened.parts.counters.keys()].sort()).toEqual([0, 1, 2, 3].map(shard));
});
