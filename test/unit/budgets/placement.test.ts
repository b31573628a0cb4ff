import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Piece } from '#budgets/hold.ts';
import { reserve } from '#budgets/reservation.ts';
import type { Fate, FateOf } from '#test/support/fates.ts';
import { MemoryBudgets } from '#test/support/memory-budgets.ts';
import { monthOf } from '#test/support/month-of.ts';
import { PassingClock } from '#test/support/passing-clock.ts';
import { requestFor } from '#test/support/request-for.ts';
import { seededRandom } from '#test/support/seeded-random.ts';
import { amountsOf, havingLeft, placed, shard, sharded, takeFrom, taking } from '#test/support/sharded-budget.ts';

const NOON_MS = Date.UTC(2026, 10, 22, 12);

/** What a generator of random numbers gives whose environment has this shard for its own. */
const ownShard = (number: number) => () => number / 2 ** 30;

test('an environment takes from its own shard, in one request', async () => {
  for (const own of [0, 1, 3]) {
    const room = await havingLeft([100n, 100n, 100n, 100n], { random: ownShard(own) });
    expect(await room.placement.take(taking(60n))).toMatchObject({ granted: true, pieces: [{ part: shard(own) }] });
    expect(room.fates.asked).toEqual([`reserve ${shard(own)} 0`]);
  }
});

test('own shards are spread evenly over environments', async () => {
  const random = seededRandom(20_261_122);
  const counts = [0, 0, 0, 0];
  for (let environment = 0; environment < 400; environment++) {
    const [[own] = ['']] = await placed(await havingLeft([], { random }), taking(1n));
    counts[Number(own.at(-1))]! += 1;
  }
  for (const count of counts) expect(Math.abs(count - 100)).toBeLessThan(40);
});

test('the own shard has not enough: one that has is looked for, and what was refused is not released', async () => {
  const room = await havingLeft([10n, 20n, 70n, 30n]);
  const asked: Piece[] = [];
  const taken = await room.placement.take(taking(60n, { asked }));
  expect(taken).toMatchObject({ granted: true, pieces: [{ part: shard(2), value: '60|summarize' }] });
  expect(room.fates.askedFor('reserve', 'settle')).toEqual([`reserve ${shard(0)} 0`, `reserve ${shard(2)} 0`]);
  // Only what stands would have to be given back.
  expect(amountsOf(asked)).toEqual([[shard(2), 60n]]);
});

test('no shard has enough and together they have: the hold is split, the largest remainders first, so that few are needed', async () => {
  const room = await havingLeft([10n, 40n, 70n, 30n]);
  expect(await placed(room, taking(100n))).toEqual([
    [shard(2), 70n],
    [shard(1), 30n],
  ]);
  expect(room.sums(sharded)).toEqual([50n, 0n, 350n]);
  // To the last pico-dollar.
  expect(await placed(room, taking(50n, { id: 'expiry.last.0' }))).toEqual([
    [shard(3), 30n],
    [shard(0), 10n],
    [shard(1), 10n],
  ]);
});

/** Somebody is quicker by 40 in this shard. */
const quicker =
  (room: () => MemoryBudgets, number: number): FateOf =>
  (operation, key, nth) => {
    if (operation === 'reserve' && key === shard(number) && nth === 1) takeFrom(room(), number, 40n, 'quicker');
    return 'answered';
  };

test('all or none: a piece of a split is gone as it is asked for, so the others are given back, and another round may try', async () => {
  const room: MemoryBudgets = await havingLeft([10n, 40n, 70n, 30n], { fateOf: quicker(() => room, 1) });
  expect(await room.placement.take(taking(100n))).toBe('again');
  // Not under the same id: a release that is repeated might take the second hold for the first.
  expect(room.fates.askedFor('reserve')).toEqual([0, 2, 1].map((number) => `reserve ${shard(number)} 0`));
  expect(room.fates.askedFor('settle')).toEqual([`settle ${shard(2)} 0`]);
  expect(room.sums(sharded)).toEqual([110n, 0n, 290n]);
  expect(await placed(room, taking(100n, { id: 'expiry.call.1' }))).toEqual([
    [shard(2), 70n],
    [shard(3), 30n],
  ]);
});

test('L5 a process that is taken for dead asks for no piece, and gives none back', async () => {
  let nowMs = NOON_MS;
  const clock = { nowMs: () => nowMs, startTimer: () => () => undefined };
  const room: MemoryBudgets = await havingLeft([10n, 40n, 70n, 30n], {
    clock,
    fateOf(...asked) {
      const fate = quicker(() => room, 1)(...asked);
      if (room.parts.counters.get(shard(1))?.holds.has('quicker')) nowMs = taking(100n).killAtMs;
      return fate;
    },
  });
  expect(await room.placement.take(taking(100n))).toBe('again');
  expect(room.fates.askedFor('settle')).toEqual([]);
  const before = room.fates.askedFor('reserve').length;
  await expect(room.placement.take(taking(1n))).rejects.toThrow('the time of the process is over');
  expect(room.fates.askedFor('reserve')).toHaveLength(before);
});

test('a piece of a split is not answered: nobody knows what stands, so all are to be released, when all others have answered', async () => {
  const fateOf: FateOf = (operation, key) =>
    operation !== 'reserve' ? 'answered' : key === shard(2) ? 'unheard' : key === shard(1) ? 'slow' : 'answered';
  const room = await havingLeft([10n, 40n, 70n, 30n], { fateOf });
  const asked: Piece[] = [];
  await expect(room.placement.take(taking(100n, { asked }))).rejects.toThrow('no answer');
  expect(amountsOf(asked)).toEqual([
    [shard(2), 70n],
    [shard(1), 30n],
  ]);
  for (const { part, id, value } of asked) expect(room.parts.at(part)?.holds.get(id)).toBe(value);
});

test('all or none, with several budgets: the next round finds what is left, or is refused, and nothing is held twice', async () => {
  for (const [amountPico, isEnough] of [
    [100n, true],
    [140n, false],
  ] as const) {
    const room: MemoryBudgets = await havingLeft([10n, 40n, 70n, 30n], { fateOf: quicker(() => room, 1) });
    const caller = monthOf('caller:ada');
    await room.book.openAndRead(caller);
    const outcome = await reserve(room, requestFor(amountPico, [sharded, caller]));
    expect(outcome).toMatchObject(
      isEnough
        ? { granted: true, reservation: { facts: { round: 1 } } }
        : { granted: false, status: { availablePico: 110n } },
    );
    const takenPico = isEnough ? amountPico : 0n;
    expect(room.sums(caller)).toEqual([1_000n - takenPico, 0n, takenPico]);
    expect(room.sums(sharded)[0]).toBe(110n - takenPico);
  }
});

test('a budget that has not enough refuses with its figures, all shards together', async () => {
  const room = await havingLeft([10n, 40n, 70n, 30n]);
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
  expect(room.sums(sharded)).toEqual([150n, 0n, 250n]);
});

test('sequential calls use a budget up to less than one call, over any number of shards', async () => {
  const anyCalls = fc.array(fc.bigInt({ min: 1n, max: 300n }), { minLength: 5, maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 6 }), anyCalls, async (shards, calls) => {
      const budget = monthOf('endpoint:summarize', 1_000n, shards);
      const room = await MemoryBudgets.having([budget]);
      let leftPico = 1_000n;
      for (const [call, pico] of calls.entries()) {
        const taken = await room.placement.take(taking(pico, { budget, id: `expiry.call${call}.0` }));
        expect(taken).toMatchObject({ granted: pico <= leftPico });
        if (pico <= leftPico) leftPico -= pico;
        expect(room.sums(budget)).toEqual([leftPico, 0n, 1_000n - leftPico]);
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
      const room = await MemoryBudgets.having([sharded], {
        fateOf,
        clock: new PassingClock(NOON_MS),
        random: () => (turn % 9) / 9,
      });
      const taken = await Promise.all(
        calls.map((pico, call) =>
          room.placement.take(taking(pico, { id: `expiry.call${call}.0` })).catch(() => 'again' as const),
        ),
      );
      let grantedPico = 0n;
      for (const [call, outcome] of taken.entries()) {
        if (outcome === 'again') continue;
        if (outcome.granted) grantedPico += calls[call]!;
        else expect(outcome.status.availablePico).toBeLessThan(calls[call]!);
      }
      expect(room.sums(sharded)).toEqual([400n - grantedPico, 0n, grantedPico]);
    }),
    { seed: 20_261_122, numRuns: 200 },
  );
});

test('a request that landed although it was called refused is found by its id, and nothing is taken twice', async () => {
  const room = await havingLeft([100n, 100n, 100n, 100n]);
  await room.parts.reserve({ part: shard(0), id: 'expiry.call.0', value: '60|summarize' });
  expect(await placed(room, taking(60n))).toEqual([[shard(0), 60n]]);
  expect(room.sums(sharded)).toEqual([340n, 0n, 60n]);
});

test('a further piece is looked for where none of the call stands yet', async () => {
  const room = await havingLeft([100n, 100n, 10n, 10n]);
  expect(await placed(room, taking(60n, { without: [shard(0)] }))).toEqual([[shard(1), 60n]]);
  expect(room.fates.askedFor('reserve')).toEqual([`reserve ${shard(1)} 0`]);
});

test('an environment that knew more shards, or fewer, finds the money where it lies now, and opens nothing', async () => {
  const opened = await MemoryBudgets.having([sharded]);
  // It thinks of eight shards, and its own would be the seventh; then of one.
  for (const [shards, ways] of [
    [8, [6, 0]],
    [1, [0]],
  ] as const) {
    const room = new MemoryBudgets({ over: opened, random: ownShard(6) });
    const request = taking(30n, { budget: { ...sharded, shards }, id: `expiry.call${shards}.0` });
    expect(await placed(room, request)).toEqual([[shard(0), 30n]]);
    expect(room.fates.askedFor('reserve')).toEqual(ways.map((number) => `reserve ${shard(number)} 0`));
  }
  // Once it has looked, it knows: the seventh is the third of four.
  const room = new MemoryBudgets({ over: opened, random: ownShard(6) });
  for (const id of ['expiry.more1.0', 'expiry.more2.0']) {
    await placed(room, taking(50n, { budget: { ...sharded, shards: 1 }, id }));
  }
  expect(room.fates.askedFor('reserve')).toEqual([0, 1, 2].map((number) => `reserve ${shard(number)} 0`));
  expect([...opened.parts.counters.keys()].sort()).toEqual([0, 1, 2, 3].map(shard));
});
