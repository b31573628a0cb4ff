import { expect, test } from 'vitest';
import { pieceSchema } from '#edge/extraction/piece-schema.ts';
import { readSchema, type RawSchema } from '#edge/extraction/read-schema.ts';
import { SchemaFault } from '#edge/extraction/schema-fault.ts';
import { toStructured } from '#edge/extraction/to-structured.ts';

/** What the model is asked for in place of the caller's own schema, without the object around it. */
function translated(schema: RawSchema): unknown {
  const { properties, $defs, ...around } = toStructured(readSchema(schema));
  expect(around).toEqual({ type: 'object', required: ['value'], additionalProperties: false });
  const { value } = properties as { value: unknown };
  return $defs === undefined ? value : { value, $defs };
}

function refusal(schema: RawSchema): string {
  try {
    toStructured(readSchema(schema));
  } catch (error) {
    if (error instanceof SchemaFault) return error.toInvalidRequest().message;
    throw error;
  }
  throw new Error('it was not refused');
}

const text = { type: 'string' };
const ofMembers = (properties: RawSchema, required: readonly string[] = []) => ({
  type: 'object',
  properties,
  required,
});

test('every member is required, one that may be absent is nullable, and nothing is additional', () => {
  expect(translated(ofMembers({ a: text, b: text }, ['a']))).toEqual({
    type: 'object',
    properties: { a: text, b: { anyOf: [text, { type: 'null' }] } },
    required: ['a', 'b'],
    additionalProperties: false,
  });
});

test('a member that may be null by itself gets no second null', () => {
  const nullable = { type: ['string', 'null'] };
  const either = { anyOf: [text, { type: 'null' }] };
  expect(translated(ofMembers({ nullable, either }))).toMatchObject({ properties: { nullable, either } });
});

test('alternatives that may be absent get null as one more of them', () => {
  const either = { anyOf: [text, { type: 'number' }], description: 'Size.' };
  expect(translated(ofMembers({ either }))).toMatchObject({
    properties: { either: { description: 'Size.', anyOf: [text, { type: 'number' }, { type: 'null' }] } },
  });
});

test('what OpenAI knows goes as it is: bounds, patterns, formats, lists, values, words', () => {
  const all = ofMembers(
    {
      count: { type: 'integer', minimum: 0, exclusiveMaximum: 10, multipleOf: 2 },
      code: { type: 'string', pattern: '^[A-Z]{2}$', title: 'Code', description: 'Two letters.' },
      day: { type: 'string', format: 'date' },
      list: { type: 'array', items: { type: 'boolean' }, minItems: 1, maxItems: 3 },
      colour: { type: 'string', enum: ['red', 'green'] },
      kind: { type: 'string', const: 'weir' },
    },
    ['count', 'code', 'day', 'list', 'colour', 'kind'],
  );
  expect(translated(all)).toEqual({ ...all, additionalProperties: false });
});

test('lengths of texts, which OpenAI does not know, are said in words', () => {
  expect(translated({ type: 'string', minLength: 2, maxLength: 8, description: 'A name.' })).toEqual({
    type: 'string',
    description: 'A name. Has at least 2 and at most 8 characters.',
  });
});

test('oneOf goes as anyOf, for alternatives are only chosen from', () => {
  expect(translated({ oneOf: [text, { type: 'null' }] })).toEqual({ anyOf: [text, { type: 'null' }] });
});

test('a kind that keywords imply is said', () => {
  expect(translated({ properties: { a: { enum: ['x', 1, null] } }, required: ['a'] })).toEqual({
    type: 'object',
    properties: { a: { type: ['string', 'number', 'null'], enum: ['x', 1, null] } },
    required: ['a'],
    additionalProperties: false,
  });
});

test('references go to definitions, also those to the root, to any place, and to themselves', () => {
  const tree = {
    ...ofMembers(
      { name: text, children: { type: 'array', items: { $ref: '#' } }, again: { $ref: '#/properties/name' } },
      ['name', 'children', 'again'],
    ),
  };
  expect(translated(tree)).toEqual({
    value: {
      ...tree,
      properties: {
        ...tree.properties,
        children: { type: 'array', items: { $ref: '#/$defs/root_1' } },
        again: { $ref: '#/$defs/name_2' },
      },
      additionalProperties: false,
    },
    $defs: {
      root_1: {
        ...tree,
        properties: {
          ...tree.properties,
          children: { type: 'array', items: { $ref: '#/$defs/root_1' } },
          again: { $ref: '#/$defs/name_2' },
        },
        additionalProperties: false,
      },
      name_2: text,
    },
  });
});

test('a definition that nothing refers to may hold anything, and is not sent', () => {
  expect(translated({ type: 'string', $defs: { unused: { not: {} } } })).toEqual(text);
});

const deep = (levels: number): RawSchema => (levels === 0 ? text : { type: 'array', items: deep(levels - 1) });

test.each([
  ['a keyword', ofMembers({ a: { not: {} } }), 'schema.properties.a.not is not supported'],
  [
    'a misspelt one',
    ofMembers({ a: { type: 'string', maxlength: 3 } }),
    'schema.properties.a.maxlength is not supported',
  ],
  ['conditions', { ...ofMembers({ a: text }), if: {} }, 'schema.if is not supported'],
  [
    'a keyword behind a reference',
    { $ref: '#/$defs/b', $defs: { b: { allOf: [] } } },
    'schema.$defs.b.allOf is not supported',
  ],
  [
    'an open map',
    { type: 'object', additionalProperties: text },
    'schema.additionalProperties must be true or false: structured outputs have no open maps',
  ],
  ['an object without members', { type: 'object' }, 'schema must say what its members are (properties)'],
  ['a list of anything', { type: 'array' }, 'schema must say what its items are (items)'],
  ['anything', ofMembers({ a: {} }), 'schema.properties.a must say what it is (type)'],
  ['nothing', ofMembers({ a: false }), 'schema.properties.a must not be false: nothing would fit'],
  ['an unknown type', { type: 'text' }, /^schema.type must be one or more of null, boolean, object/],
  ['an unknown format', { type: 'string', format: 'uri' }, /^schema.format must be one of date-time, time, date/],
  ['no pattern', { type: 'string', pattern: '(' }, 'schema.pattern is no regular expression'],
  [
    'a long pattern',
    { type: 'string', pattern: 'a'.repeat(501) },
    /^schema.pattern must be at most 500 characters long, but 501/,
  ],
  ['a remote reference', { $ref: 'https://example.com/x' }, /^schema.\$ref must refer to a place in the same schema/],
  ['a dangling one', { $ref: '#/$defs/x' }, 'schema.$ref refers to a place that the schema does not have'],
  ['one to itself', { $ref: '#' }, 'schema refers to itself without end'],
  [
    'a circle of them',
    { $ref: '#/$defs/a', $defs: { a: { anyOf: [text, { $ref: '#/$defs/a' }] } } },
    'schema.$defs.a refers to itself without end',
  ],
  [
    'a demand beside a reference',
    { $ref: '#/$defs/a', minimum: 1, $defs: { a: text } },
    'schema.minimum is not supported beside $ref',
  ],
  [
    'a demand beside alternatives',
    { type: 'object', anyOf: [text, text] },
    'schema.type is not supported beside anyOf',
  ],
  [
    'a member that is not there',
    ofMembers({ a: text }, ['b']),
    'schema.required.0 names a member that properties does not have',
  ],
  [
    'values that fit nothing',
    { type: 'number', enum: ['a'] },
    'schema.enum has no value that fits the keywords beside it',
  ],
  ['objects as values', { enum: [{ a: 1 }] }, 'schema.enum must hold texts, numbers, true, false or null only'],
  [
    'too many values',
    { enum: Array.from({ length: 1_001 }, (_, at) => at) },
    /^schema.enum brings the schema's values to more than 1000/,
  ],
  ['too deep a nest', deep(10), /items is nested more than 9 objects and arrays deep$/],
])('%s is refused by name, with its place', (_, schema, message) => {
  expect(refusal(schema)).toMatch(message instanceof RegExp ? message : new RegExp(`^${RegExp.escape(message)}$`));
});

test('a nest that is just not too deep is taken', () => {
  expect(() => toStructured(readSchema(deep(9)))).not.toThrow();
});

test('of a piece nothing is required along what is merged, and an item is whole or not there', () => {
  const item = ofMembers({ name: text, price: { type: 'number' } }, ['name', 'price']);
  const whole = ofMembers(
    { number: text, seller: ofMembers({ name: text }, ['name']), items: { type: 'array', items: item, minItems: 2 } },
    ['number', 'seller', 'items'],
  );
  const { properties } = toStructured(pieceSchema(readSchema(whole))) as { properties: { value: RawSchema } };
  const orNull = (schema: unknown) => ({ anyOf: [schema, { type: 'null' }] });
  expect(properties.value['properties']).toEqual({
    number: orNull(text),
    seller: orNull({
      type: 'object',
      properties: { name: orNull(text) },
      required: ['name'],
      additionalProperties: false,
    }),
    items: orNull({ type: 'array', items: { ...item, additionalProperties: false } }),
  });
});

test('of a piece, what refers to itself is read as far as it is merged', () => {
  const list = ofMembers({ name: text, next: { $ref: '#' } }, ['name']);
  const { $defs } = toStructured(pieceSchema(readSchema(list))) as { $defs: Record<string, RawSchema> };
  expect(Object.values($defs)).toMatchObject([{ properties: { name: { anyOf: [text, { type: 'null' }] } } }]);
});
