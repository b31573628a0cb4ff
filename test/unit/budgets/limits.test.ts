import { expect, test } from 'vitest';
import { UNLIMITED_PICO } from '#budgets/budget.ts';
import { Limits, termsOf, type SpecLimits } from '#budgets/limits.ts';
import { FakeClock } from '#test/support/fake-clock.ts';
import type { FateOf } from '#test/support/fates.ts';
import { MemoryBudgets } from '#test/support/memory-budgets.ts';

const spec: SpecLimits = { limitsPico: { month: 50n }, shards: 2 };
const nothing: SpecLimits = { limitsPico: {}, shards: 1 };

test('an endpoint’s month is always among a call’s budgets, and first: its holds are what is known of a call', async () => {
  const room = new MemoryBudgets();
  expect(await new Limits(room.settings, room.clock).of('summarize', 'ada', nothing)).toEqual([
    { scope: 'endpoint:summarize', kind: 'month', limitPico: UNLIMITED_PICO, shards: 1, source: 0 },
  ]);
  await room.settings.replace('endpoint:classify', { limitsPico: { day: 7n }, revision: 0 });
  await room.settings.replace('caller:ada', { limitsPico: { day: 5n, month: 90n }, shards: 4, revision: 0 });
  await room.settings.replace('account', { limitsPico: { month: 900n }, revision: 0 });
  expect(await new Limits(room.settings, room.clock).of('classify', 'ada', spec)).toEqual([
    { scope: 'endpoint:classify', kind: 'month', limitPico: 50n, shards: 2, source: 1 },
    { scope: 'endpoint:classify', kind: 'day', limitPico: 7n, shards: 2, source: 1 },
    { scope: 'caller:ada', kind: 'month', limitPico: 90n, shards: 4, source: 1 },
    { scope: 'caller:ada', kind: 'day', limitPico: 5n, shards: 4, source: 1 },
    { scope: 'account', kind: 'month', limitPico: 900n, shards: 1, source: 1 },
  ]);
});

test('what is set goes before what the spec says, window by window; what is not set follows the spec', () => {
  const both: SpecLimits = { limitsPico: { month: 50n, day: 5n }, shards: 2 };
  const set = { limitsPico: { month: 0n }, revision: 3 };
  expect(termsOf('endpoint:summarize', set, both)).toEqual([
    // Nothing at all may be set too.
    { scope: 'endpoint:summarize', kind: 'month', limitPico: 0n, shards: 2, source: 3 },
    { scope: 'endpoint:summarize', kind: 'day', limitPico: 5n, shards: 2, source: 3 },
  ]);
  expect(termsOf('endpoint:summarize', { ...set, shards: 8 }, both)[0]).toMatchObject({ shards: 8 });
  expect(termsOf('caller:ada')).toEqual([]);
});

test('settings are read once for 30 s, by however many calls; after that a new limit is known', async () => {
  const clock = new FakeClock();
  const room = new MemoryBudgets({ clock });
  const limits = new Limits(room.settings, clock);
  const limitOf = async () => (await limits.of('summarize', 'ada', spec)).map(({ limitPico }) => limitPico);
  expect(await Promise.all([limitOf(), limitOf()])).toEqual([[50n], [50n]]);
  expect(room.fates.askedFor('readSettings')).toHaveLength(3);

  await room.settings.replace('caller:ada', { limitsPico: { month: 9n }, revision: 0 });
  await clock.advance(29_999);
  expect(await limitOf()).toEqual([50n]);
  expect(room.fates.askedFor('readSettings')).toHaveLength(3);
  await clock.advance(1);
  expect(await limitOf()).toEqual([50n, 9n]);
});

test('L4 settings that cannot be read: limits are not guessed, and the next call asks again', async () => {
  let isGone = true;
  const fateOf: FateOf = (_, key) => (isGone && key === 'account' ? 'lost' : 'answered');
  const room = new MemoryBudgets({ fateOf });
  const limits = new Limits(room.settings, room.clock);
  await expect(limits.of('summarize', 'ada', spec)).rejects.toThrow('no answer');
  await expect(limits.of('summarize', 'ada', spec)).rejects.toThrow('no answer');
  isGone = false;
  expect(await limits.of('summarize', 'ada', spec)).toHaveLength(1);
});
