import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { endOf, kindOf, resetsAt, WINDOW_KINDS, windowOf } from '#budgets/windows.ts';

test.each([
  ['2026-11-01T00:00:00.000Z', '2026-11', '2026-12-01T00:00:00.000Z'],
  ['2026-11-30T23:59:59.999Z', '2026-11', '2026-12-01T00:00:00.000Z'],
  ['2026-12-31T23:59:59.999Z', '2026-12', '2027-01-01T00:00:00.000Z'],
  ['2028-02-29T12:00:00.000Z', '2028-02', '2028-03-01T00:00:00.000Z'],
  // Still October in New York, and already December in Auckland: the window knows one time only.
  ['2026-10-31T23:30:00.000-05:00', '2026-11', '2026-12-01T00:00:00.000Z'],
  ['2026-12-01T02:00:00.000+13:00', '2026-11', '2026-12-01T00:00:00.000Z'],
])('%s belongs to the month %s, which ends at %s', (at, month, reset) => {
  const window = windowOf('month', Date.parse(at));
  expect([window, resetsAt(window)]).toEqual([month, reset]);
});

test.each([
  ['2026-11-22T00:00:00.000Z', '2026-11-22', '2026-11-23T00:00:00.000Z'],
  ['2026-11-30T23:59:59.999Z', '2026-11-30', '2026-12-01T00:00:00.000Z'],
  ['2026-12-31T12:00:00.000Z', '2026-12-31', '2027-01-01T00:00:00.000Z'],
  ['2028-02-28T12:00:00.000Z', '2028-02-28', '2028-02-29T00:00:00.000Z'],
  ['2026-10-31T23:30:00.000-05:00', '2026-11-01', '2026-11-02T00:00:00.000Z'],
])('%s belongs to the day %s, which ends at %s', (at, day, reset) => {
  const window = windowOf('day', Date.parse(at));
  expect([window, resetsAt(window)]).toEqual([day, reset]);
});

test('a window ends where the next one begins, and tells its kind', () => {
  const anyMoment = fc.date({ min: new Date('2020-01-01'), max: new Date('2099-12-31'), noInvalidDate: true });
  fc.assert(
    fc.property(anyMoment, fc.constantFrom(...WINDOW_KINDS), (moment, kind) => {
      const window = windowOf(kind, moment.getTime());
      const endMs = endOf(window);
      expect(kindOf(window)).toBe(kind);
      expect(endMs).toBeGreaterThan(moment.getTime());
      expect(windowOf(kind, endMs - 1)).toBe(window);
      expect(windowOf(kind, endMs)).not.toBe(window);
    }),
    { seed: 20_261_122 },
  );
});
