import { expect, test } from 'vitest';
import { itemBytes, productSizes } from '#test/bench/simulation/item-size.ts';

test("an item weighs its names, its texts, its numbers' digits, and a map three bytes and one an element", () => {
  expect(itemBytes({ pk: 'a' })).toBe(3);
  expect(itemBytes({ pk: 'ä€' })).toBe(2 + 5);
  expect(itemBytes({ n: 12_345n })).toBe(1 + 4);
  expect(itemBytes({ m: {} })).toBe(1 + 3);
  expect(itemBytes({ m: { x: 'yz', w: '1' } })).toBe(1 + 3 + 2 + 3 + 2);
});

test('the product holds a call in its endpoint in about 90 bytes, elsewhere in fewer, and a purse in fewer still', () => {
  const { endpointHold, otherHold, float, shard, head } = productSizes();
  expect(endpointHold).toBeLessThan(110);
  expect(otherHold).toBeLessThan(endpointHold);
  expect(float).toBeLessThan(otherHold);
  expect(head).toBeGreaterThan(shard);
});
