import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { fieldFaults } from '#edge/field-faults.ts';
import { parseInput } from '#edge/parse-input.ts';
import { showValue } from '#edge/shown.ts';
import { InvalidRequest } from '#platform/errors.ts';
import { testKey } from '#test/support/test-key.ts';

/** What a schema’s refusal of an input says. */
function saysOf(schema: z.ZodType, input: unknown): string[] {
  const { error } = schema.safeParse(input);
  return error ? fieldFaults(error, input).map(({ message }) => message) : [];
}

const one = (schema: z.ZodType) => z.strictObject({ it: schema });

/** Forms that today's endpoints do not use, so that the next one reads as well. */
test.each<[z.ZodType, unknown, string]>([
  [z.number().gt(1), 1, 'it must be more than 1, but 1 was provided'],
  [z.number().lt(0), 0, 'it must be less than 0, but 0 was provided'],
  [z.number().multipleOf(5), 7, 'it must be a multiple of 5, but 7 was provided'],
  [z.int(), 1e300, 'it must be at most 9,007,199,254,740,991, but 1e+300 was provided'],
  [z.int().max(10), 1e300, 'it must be at most 10, but 1e+300 was provided'],
  [z.int().min(0), -1e300, 'it must be at least 0, but -1e+300 was provided'],
  [z.literal('on'), 'off', "it must be on, but 'off' was provided"],
  [z.literal(['on', 'off']), 1, 'it must be one of on, off, but 1 was provided'],
  [z.email(), 'nobody', "it must be a valid email, but 'nobody' was provided"],
  [z.url(), 'x', "it must be a valid url, but 'x' was provided"],
  [z.iso.date('must be a day'), 'x', "it must be a day, but 'x' was provided"],
  [z.string().regex(/^a/, 'must begin with a'), 'b', "it must begin with a, but 'b' was provided"],
  [z.boolean(), 1, 'it must be true or false, but 1 was provided'],
  [z.record(z.string().max(1), z.int()), { ab: 1 }, 'it.ab is not a valid name for a field'],
  [z.record(z.string(), z.int()), { ab: 'x' }, "it.ab must be a number, but 'x' was provided"],
  [z.record(z.string(), z.int()), [], 'it must be an object, but an array was provided'],
  [z.array(z.int()).max(1), [1, 2], 'it must have at most 1 item, but 2 items were provided'],
  [z.string().max(1), 'ab', 'it must be at most 1 character long, but 2 characters were provided'],
  [z.union([z.string(), z.int()]), true, 'it must be a text or a number, but true was provided'],
  [
    z.union([z.string().max(1), z.array(z.string())]),
    'ab',
    'it must be at most 1 character long, but 2 characters were provided',
  ],
  [
    z.union([z.array(z.string()), z.array(z.int())]),
    [true],
    'it must be one of the allowed forms, but an array was provided',
  ],
  [z.string().refine(() => false, 'has no rhyme'), 'a', 'it has no rhyme'],
])('%#: field, limit and value are named', (schema, value, sentence) => {
  expect(saysOf(one(schema), { it: value })).toEqual([sentence]);
});

test('a field that is missing is asked for with its kind', () => {
  const schema = z.strictObject({ a: z.string(), b: z.int(), c: z.array(z.string()), d: z.strictObject({}) });
  expect(saysOf(schema, {})).toEqual([
    'a is required (a text)',
    'b is required (a number)',
    'c is required (an array)',
    'd is required (an object)',
  ]);
});

test('of a form with many faults 20 are told, and how many there are more', () => {
  const schema = z.strictObject({ list: z.array(z.int()) });
  const says = saysOf(schema, { list: Array(30).fill('x') });
  expect(says).toHaveLength(21);
  expect(says.at(-1)).toBe('10 more faults not shown');
});

test('a value is cut at 40 characters, after it is masked', () => {
  const key = testKey('shown');
  expect(showValue('a'.repeat(40))).toBe(`'${'a'.repeat(40)}'`);
  expect(showValue('a'.repeat(41))).toBe(`'${'a'.repeat(40)}…'`);
  fc.assert(
    fc.property(fc.nat(60), (at) => {
      const shown = showValue(`${'. '.repeat(at)}${key}`);
      expect(shown).not.toContain(key.slice(0, 10));
      expect(shown.length).toBeLessThanOrEqual(43);
    }),
    { seed: 20_261_122 },
  );
});

test('whatever is wrong with whatever, each fault names its field first and ends in finite words', () => {
  const schema = z.strictObject({
    a: z.union([z.string().max(2), z.strictObject({ b: z.int() })]),
    c: z
      .array(z.enum(['x', 'y']))
      .max(2)
      .optional(),
    d: z.record(z.string(), z.number().min(0)).optional(),
  });
  fc.assert(
    fc.property(
      fc.oneof(fc.jsonValue(), fc.record({ a: fc.jsonValue(), c: fc.jsonValue(), d: fc.jsonValue() })),
      (input) => {
        const { error } = schema.safeParse(input);
        if (!error) return;
        const faults = fieldFaults(error, input);
        expect(faults.length).toBeGreaterThan(0);
        for (const { field, message } of faults) {
          expect(message.startsWith(field) || message.endsWith('not shown')).toBe(true);
          expect(message).not.toMatch(/undefined|\[object|Invalid/);
          expect(message.length).toBeLessThan(400);
        }
      },
    ),
    { seed: 20_261_122, numRuns: 500 },
  );
});

test('parseInput fills in defaults, or throws one error with every fault', () => {
  const schema = z.strictObject({ a: z.int().default(3), b: z.string() });
  expect(parseInput(schema, { b: 'x' })).toEqual({ a: 3, b: 'x' });
  expect(() => parseInput(schema, { a: 'x', c: 1 })).toThrow(InvalidRequest);
});
