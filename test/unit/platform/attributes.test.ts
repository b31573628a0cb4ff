import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  fromAttributes,
  integerOf,
  textOf,
  textsOf,
  toAttribute,
  toAttributes,
  type Storable,
  type Stored,
} from '#platform/aws/attributes.ts';

const seed = 20_261_122;

const { item: storable } = fc.letrec<{ item: Record<string, Storable>; value: Storable }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.string({ unit: 'binary' }),
    fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n }),
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.uint8Array(),
    fc.array(tie('value')),
    tie('item'),
  ),
  item: fc.dictionary(
    fc.string().filter((name) => name !== '__proto__'),
    tie('value'),
  ),
}));

/** What reading gives for what was stored: every number as a bigint, bytes as a Buffer. */
function asStored(value: Storable): Stored {
  if (typeof value === 'number') return BigInt(value);
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(asStored);
  if (typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, asStored(member as Storable)]));
  return value;
}

test('an item comes back as it was stored, through JSON, to the last digit and byte', () => {
  fc.assert(
    fc.property(storable, (item) => {
      const wire = JSON.parse(JSON.stringify(toAttributes(item))) as ReturnType<typeof toAttributes>;
      expect(fromAttributes(wire)).toEqual(asStored(item));
    }),
    { seed },
  );
});

test('members that are undefined are left out', () => {
  expect(toAttributes({ a: undefined, b: 'x' })).toEqual({ b: { S: 'x' } });
});

test('a number that is not a safe integer is refused: money never passes through a float', () => {
  for (const value of [0.1, NaN, Infinity, 2 ** 53]) expect(() => toAttribute(value)).toThrow('must be a safe integer');
});

test('a member of another kind, or none, is an error that names it', () => {
  const item = { text: 'a', number: 1n, list: ['a', 5n] as Stored[] };
  expect([textOf(item, 'text'), integerOf(item, 'number'), textsOf(item, 'list')]).toEqual(['a', 1n, ['a']]);
  expect(() => textOf(item, 'number')).toThrow('a stored item has no text number');
  expect(() => integerOf(item, 'text')).toThrow('a stored item has no number text');
  expect(() => textsOf(item, 'gone')).toThrow('a stored item has no list gone');
});
