import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { counterFor } from '#budgets/scopes.ts';
import { monthOf, resetsAt } from '#budgets/windows.ts';

test.each([
  ['2026-11-01T00:00:00.000Z', '2026-11', '2026-12-01T00:00:00.000Z'],
  ['2026-11-30T23:59:59.999Z', '2026-11', '2026-12-01T00:00:00.000Z'],
  ['2026-12-31T23:59:59.999Z', '2026-12', '2027-01-01T00:00:00.000Z'],
  ['2028-02-29T12:00:00.000Z', '2028-02', '2028-03-01T00:00:00.000Z'],
  // Still October in New York, and already December in Auckland: the window knows one time only.
  ['2026-10-31T23:30:00.000-05:00', '2026-11', '2026-12-01T00:00:00.000Z'],
  ['2026-12-01T02:00:00.000+13:00', '2026-11', '2026-12-01T00:00:00.000Z'],
])('%s belongs to %s, which ends at %s', (at, month, reset) => {
  expect([monthOf(Date.parse(at)), resetsAt(Date.parse(at))]).toEqual([month, reset]);
});

test('a window ends where the next one begins', () => {
  const anyMoment = fc.date({ min: new Date('2020-01-01'), max: new Date('2099-12-31'), noInvalidDate: true });
  fc.assert(
    fc.property(anyMoment, (moment) => {
      const endMs = Date.parse(resetsAt(moment.getTime()));
      expect(endMs).toBeGreaterThan(moment.getTime());
      expect(monthOf(endMs - 1)).toBe(monthOf(moment.getTime()));
      expect(monthOf(endMs)).not.toBe(monthOf(moment.getTime()));
    }),
    { seed: 20_261_122 },
  );
});

test('a counter is one item: scope, window, shard', () => {
  const scope = { name: 'endpoint:openai/chat-completions', limitPico: 5n } as const;
  expect(counterFor(scope, Date.UTC(2026, 10, 22)).key).toBe('endpoint:openai/chat-completions#2026-11#0');
  expect(counterFor(scope, Date.UTC(2026, 10, 22), 3)).toEqual({
    scope,
    shard: 3,
    key: 'endpoint:openai/chat-completions#2026-11#3',
  });
});
