import { expect, test } from 'vitest';
import { checkValue } from '#edge/extraction/check-value.ts';
import { withinMatchingTime } from '#edge/extraction/patterns.ts';
import { readSchema, type RawSchema } from '#edge/extraction/read-schema.ts';
import { SchemaFault } from '#edge/extraction/schema-fault.ts';

const text = { type: 'string' };
const check = (schema: RawSchema, value: unknown) => checkValue(readSchema(schema), value, 'absent');

test('a null of what need not be there is left out, at any depth', () => {
  const inner = { type: 'object', properties: { a: text, b: text }, required: ['a'] };
  const schema = {
    type: 'object',
    properties: { inner, list: { type: 'array', items: inner }, c: { $ref: '#/$defs/c' } },
    $defs: { c: text },
  };
  const given = {
    inner: { a: 'x', b: null },
    list: [
      { a: 'y', b: null },
      { a: 'z', b: 'w' },
    ],
    c: null,
  };
  expect(check(schema, given)).toEqual({
    value: { inner: { a: 'x' }, list: [{ a: 'y' }, { a: 'z', b: 'w' }] },
    faults: [],
  });
});

test('a null that the schema has stays, and one of what must be there is a fault', () => {
  const schema = { type: 'object', properties: { a: { type: ['string', 'null'] }, b: text }, required: ['b'] };
  expect(check(schema, { a: null, b: null })).toEqual({
    value: { a: null, b: null },
    faults: [{ path: ['b'], message: 'must be string' }],
  });
});

test('a null stays a null where nobody said that it stands for nothing', () => {
  const schema = readSchema({ type: 'object', properties: { a: text } });
  expect(checkValue(schema, { a: null }).faults).toEqual([{ path: ['a'], message: 'must be string' }]);
});

test('of alternatives, the one that fits tells what a null means', () => {
  const one = { type: 'object', properties: { kind: { const: 'one' }, x: text }, required: ['kind'] };
  const two = {
    type: 'object',
    properties: { kind: { const: 'two' }, x: { type: ['string', 'null'] } },
    required: ['kind'],
  };
  expect(check({ anyOf: [one, two] }, { kind: 'one', x: null }).value).toEqual({ kind: 'one' });
  expect(check({ anyOf: [one, two] }, { kind: 'two', x: null }).value).toEqual({ kind: 'two', x: null });
});

test('faults name their places and the schema’s limits, never the value', () => {
  const schema = {
    type: 'object',
    properties: {
      items: { type: 'array', maxItems: 1, items: { type: 'number', maximum: 5 } },
      code: { type: 'string', pattern: '^[A-Z]+$', minLength: 9 },
    },
    required: ['gone'],
    additionalProperties: false,
  };
  const { faults } = check(schema, { items: [1, 'secret', 7], code: 'secret', extra: 'secret' });
  expect(faults).toEqual([
    { path: ['items'], message: 'must have at most 1 items, but has 3' },
    { path: ['items', 1], message: 'must be number' },
    { path: ['items', 2], message: 'must be at most 5' },
    { path: ['code'], message: 'must have at least 9 characters, but has 6' },
    { path: ['code'], message: 'must match the pattern ^[A-Z]+$' },
    { path: [], message: 'must have no members but those of the schema' },
    { path: ['gone'], message: 'is required' },
  ]);
});

test('where no alternative fits, the one that was meant tells what is wrong', () => {
  const object = { type: 'object', properties: { a: text }, required: ['a'] };
  expect(check({ anyOf: [object, { type: 'null' }] }, { a: 1 }).faults).toEqual([
    { path: ['a'], message: 'must be string' },
  ]);
  expect(check({ anyOf: [object, { type: 'null' }] }, 5).faults).toEqual([
    { path: [], message: 'must fit one of the alternatives, but fits none' },
  ]);
});

test('19.99 is a multiple of 0.01, and 19.995 is none', () => {
  const cents = readSchema({ type: 'number', multipleOf: 0.01 });
  expect([19.99, 0.07, 1e6 + 0.01].map((value) => checkValue(cents, value).faults)).toEqual([[], [], []]);
  expect(checkValue(cents, 19.995).faults).toHaveLength(1);
});

test('ten thousand faults are told as thirty', () => {
  const { faults } = check({ type: 'array', items: text }, Array(100_000).fill(1));
  expect(faults).toHaveLength(30);
});

test('alternatives within alternatives do not multiply: a nest of thirty is judged at once', () => {
  let judged = 0;
  const nest = {
    anyOf: [1, 2, 3].map(() => ({ type: 'object', properties: { a: { $ref: '#/$defs/nest' } }, required: ['a'] })),
  };
  let value: unknown = 5;
  for (let level = 0; level < 30; level++) {
    const inner = value;
    value = Object.defineProperty({}, 'a', { enumerable: true, get: () => (judged++, inner) });
  }
  expect(check({ $ref: '#/$defs/nest', $defs: { nest } }, value).faults).not.toEqual([]);
  // The nest and its three alternatives look at each of thirty objects.
  expect(judged).toBeLessThanOrEqual(120);
});

test('a member’s name that every object has is a member only where it is given', () => {
  const schema = { type: 'object', required: ['toString'] };
  expect(check(schema, {}).faults).toEqual([{ path: ['toString'], message: 'is required' }]);
  const given = JSON.parse('{"__proto__": {"x": 1}, "toString": "a"}') as unknown;
  const { value, faults } = check(schema, given);
  expect([faults, JSON.stringify(value)]).toEqual([[], '{"__proto__":{"x":1},"toString":"a"}']);
});

test('a pattern that would take for ever is stopped', () => {
  const schema = readSchema({ type: 'string', pattern: '^(a+)+$' });
  const judge = (value: string) => withinMatchingTime(() => checkValue(schema, value).faults.length);
  expect(judge('aaa')).toBe(0);
  expect(() => judge(`${'a'.repeat(60)}!`)).toThrow(SchemaFault);
});
