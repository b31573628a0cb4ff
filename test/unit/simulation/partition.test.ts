import { expect, test } from 'vitest';
import { Partition, readUnits, writeUnits } from '#test/bench/simulation/partition.ts';

test.each([
  [0, 1],
  [1, 1],
  [1024, 1],
  [1025, 2],
  [409_600, 400],
])('a write of an item of %i bytes costs %i units', (bytes, units) => {
  expect(writeUnits(bytes)).toBe(units);
});

test.each([
  [1, 1],
  [4096, 1],
  [4097, 2],
])('a strongly consistent read of an item of %i bytes costs %i units', (bytes, units) => {
  expect(readUnits(bytes)).toBe(units);
});

test('a partition takes a thousand write units at once, and then a thousand a second', () => {
  const partition = new Partition();
  expect(taken(1500, () => partition.takeWrite(1, 0))).toBe(1000);
  expect(taken(1500, () => partition.takeWrite(1, 250))).toBe(250);
  // What is not used is not saved for later.
  expect(taken(9000, () => partition.takeWrite(1, 60_000))).toBe(1000);
});

test('a partition takes three thousand read units a second, whatever is written', () => {
  const partition = new Partition();
  expect(taken(1500, () => partition.takeWrite(1, 0))).toBe(1000);
  expect(taken(5000, () => partition.takeRead(1, 0))).toBe(3000);
  expect(taken(5000, () => partition.takeRead(2, 500))).toBe(750);
});

test('what is throttled costs nothing', () => {
  const partition = new Partition();
  expect(partition.takeWrite(990, 0)).toBe(true);
  expect(taken(100, () => partition.takeWrite(20, 0))).toBe(0);
  expect(partition.takeWrite(10, 0)).toBe(true);
  expect(partition.writeUnits).toBe(1000);
});

function taken(times: number, take: () => boolean): number {
  return Array.from({ length: times }, take).filter(Boolean).length;
}
