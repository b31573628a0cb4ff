import { expect, test } from 'vitest';
import * as z from 'zod';
import { fillSchema, type JsonSchema } from '#test/support/scripted-schema.ts';

test.each([
  ['strings and their bounds', z.strictObject({ a: z.string(), b: z.string().min(9), c: z.string().max(2) })],
  [
    'numbers and their bounds',
    z.strictObject({ a: z.int(), b: z.int().min(3), c: z.number().gt(0), d: z.int().max(-2) }),
  ],
  ['the steps of a number', z.strictObject({ a: z.int().gt(2), b: z.number().min(7).multipleOf(5) })],
  [
    'enums, literals and null',
    z.strictObject({ a: z.enum(['x', 'y']), b: z.literal('z'), c: z.null(), d: z.boolean() }),
  ],
  ['alternatives', z.strictObject({ a: z.string().nullable(), b: z.union([z.int(), z.string()]) })],
  ['lists', z.strictObject({ a: z.array(z.string()).min(2), b: z.array(z.int()) })],
  ['what is optional', z.strictObject({ a: z.string().optional(), b: z.strictObject({ c: z.int().default(4) }) })],
])('%s are filled so that the schema accepts it', (_, schema) => {
  const filled = fillSchema(z.toJSONSchema(schema, { io: 'input' }) as JsonSchema);
  expect(schema.safeParse(filled)).toMatchObject({ success: true });
});

test('references are followed', () => {
  const schema = {
    $defs: { label: { enum: ['spam'] } },
    properties: { label: { $ref: '#/$defs/label' } },
    required: ['label'],
  };
  expect(fillSchema(schema)).toEqual({ label: 'spam' });
});

test('a list of objects with an index answers every element of the input, and only such a list', () => {
  const item = z.strictObject({ index: z.int(), tags: z.array(z.string()) });
  const schema = z.toJSONSchema(z.strictObject({ results: z.array(item), others: z.array(z.string()) })) as JsonSchema;
  const results = [0, 1, 2].map((index) => ({ index, tags: [] }));
  expect(fillSchema(schema, 3)).toEqual({ results, others: [] });
  expect(fillSchema(schema)).toEqual({ results: [], others: [] });
});
