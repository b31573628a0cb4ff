import { describe, expect, test } from 'vitest';
import { ROWS, tried, type Row } from './rows.ts';
import { allTargets } from './targets.ts';

const targets = await allTargets();

describe.each(Object.entries(ROWS))('%s', (row, kinds) => {
  test('is tried on every route of the inventory, or a reason is given', () => {
    const attacked = new Set(tried(row as Row, targets).map(([name]) => name));
    for (const { name, kind } of targets) {
      const reason = kinds[kind];
      expect([name, attacked.has(name)]).toEqual([name, reason === true]);
      if (reason !== true) expect(reason.length).toBeGreaterThan(5);
    }
    expect(attacked.size).toBeGreaterThan(0);
  });
});

test('every kind of route is there, so that no row is tried on nothing', () => {
  const kinds = new Set(targets.map(({ kind }) => kind));
  expect([...kinds].toSorted()).toEqual(['compatible', 'endpoint', 'public', 'reading', 'writing']);
});
