import { expect, test } from 'vitest';
import { mergeFound } from '#edge/extraction/merge-found.ts';
import { readSchema, type RawSchema } from '#edge/extraction/read-schema.ts';

const text = { type: 'string' };
const pieces = [0, 1, 2].map((at) => ({ start: at * 100, end: at * 100 + 100 }));

function merged(schema: RawSchema, values: readonly unknown[]) {
  const found = values.map((value, index) => ({ piece: pieces[index]!, value }));
  const { value, origins } = mergeFound(readSchema(schema), found);
  return {
    value,
    origins: Object.fromEntries([...origins].map(([pointer, piece]) => [pointer, pieces.indexOf(piece)])),
  };
}

test('objects are merged member by member: the first that is there and not null', () => {
  const seller = { type: 'object', properties: { name: text, city: text } };
  const schema = { type: 'object', properties: { number: text, seller, none: text } };
  const values = [
    { seller: { city: 'Ulm' } },
    { number: '7', seller: { name: 'Mill', city: 'Bonn' } },
    { number: '8' },
  ];
  expect(merged(schema, values)).toEqual({
    value: { number: '7', seller: { name: 'Mill', city: 'Ulm' } },
    origins: { '/number': 1, '/seller/name': 1, '/seller/city': 0 },
  });
});

test('lists stand one behind the other; what a later piece gives again is left out, what one gives twice stays', () => {
  const item = { type: 'object', properties: { name: text } };
  const [a, b, c] = ['a', 'b', 'c'].map((name) => ({ name }));
  expect(
    merged({ type: 'array', items: item }, [
      [a, a],
      [a, b],
      [{ name: 'b' }, c, c],
    ]),
  ).toEqual({
    value: [a, a, b, c, c],
    origins: { '/0': 0, '/1': 0, '/2': 1, '/3': 2, '/4': 2 },
  });
});

test('lists are merged behind references and unions with null too', () => {
  const schema = {
    type: 'object',
    properties: { list: { anyOf: [{ $ref: '#/$defs/list' }, { type: 'null' }] } },
    $defs: { list: { type: 'array', items: text } },
  };
  expect(merged(schema, [{ list: ['a'] }, { list: null }, { list: ['b'] }]).value).toEqual({ list: ['a', 'b'] });
});

test('of several alternatives the first that was found is taken whole', () => {
  const one = { type: 'object', properties: { a: text } };
  const two = { type: 'object', properties: { b: text } };
  expect(merged({ anyOf: [one, two] }, [null, { b: '2' }, { a: '1' }]).value).toEqual({ b: '2' });
});

test('an object that refers to itself is merged all the way down', () => {
  const schema = { type: 'object', properties: { name: text, next: { $ref: '#' } } };
  const values = [{ name: 'a', next: { name: 'b' } }, { next: { next: { name: 'c' } } }];
  expect(merged(schema, values).value).toEqual({ name: 'a', next: { name: 'b', next: { name: 'c' } } });
});

test('where no piece has anything, there is nothing, and a null that is meant stays', () => {
  expect(merged({ type: ['string', 'null'] }, [null, null]).value).toBeNull();
  expect(merged({ type: 'object', properties: { a: text } }, [{}, {}]).value).toEqual({});
});
