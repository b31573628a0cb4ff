import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { fillSchema } from '#infra/local/parts/simulated/json-schema.ts';
import type { JsonSchema } from '#infra/local/parts/simulated/schema-parts.ts';

const fill = (schema: JsonSchema, text: string, instructions = '') =>
  fillSchema(schema, { text, instructions, sentences: 3 });

const labels = z.strictObject({
  results: z.array(
    z.strictObject({
      index: z.int(),
      label: z.enum(['billing', 'technical issue', 'other']),
      confidence: z.number().min(0).max(1),
    }),
  ),
});

test('each text of a list gets the label whose words it shares, with a confidence', () => {
  const texts = ['My invoice shows a charge twice', 'There is an issue with the login', 'Nice weather', 'BILLING!'];
  const input = JSON.stringify(texts.map((text, index) => ({ index, text })));
  const instructions =
    'Choose one label.\n- billing: invoices, charges and refunds\n- technical issue: errors\n- other';
  const { results } = labels.parse(fill(z.toJSONSchema(labels), input, instructions));
  expect(results.map(({ index, label }) => [index, label])).toEqual([
    [0, 'billing'],
    [1, 'technical issue'],
    [2, 'other'],
    [3, 'billing'],
  ]);
  expect(results[0]!.confidence).toBeGreaterThan(results[2]!.confidence);
});

test('descriptions are found in instructions that are JSON, and in the schema itself', () => {
  const instructions = '[{"name":"a1","description":"cats and dogs"},{"name":"b2","description":"cars and trains"}]';
  expect(fill({ enum: ['a1', 'b2'] }, 'the train is late', instructions)).toBe('b2');
  const described = {
    anyOf: [
      { const: 1, description: 'cats' },
      { const: 2, description: 'trains' },
    ],
  };
  expect(fill(described, 'the train is late')).toBe(2);
});

test('a sentiment is found by the usual words', () => {
  const schema = { enum: ['positive', 'negative', 'neutral'] };
  const texts = ['I love it, great work', 'This is terrible and broken', 'It arrived on Tuesday'];
  expect(texts.map((text) => fill(schema, text))).toEqual(['positive', 'negative', 'neutral']);
});

test('several labels at once: every one that fits, each with its own confidence', () => {
  const label = { enum: ['billing', 'login', 'shipping'] };
  expect(fill({ type: 'array', items: label }, 'login fails and the billing is wrong')).toEqual(['billing', 'login']);
  expect(fill({ type: 'array', items: label }, 'nothing of the kind')).toHaveLength(1);
  const schema = {
    type: 'array',
    items: { type: 'object', properties: { label, confidence: { type: 'number' } }, required: ['label', 'confidence'] },
  };
  expect(fill(schema, 'shipping, please')).toEqual([{ label: 'shipping', confidence: expect.any(Number) }]);
});

test('two lists of values in one object do not borrow from each other', () => {
  const item = z.strictObject({ label: z.enum(['a', 'b']), priority: z.enum(['low', 'high']) });
  const schema = z.array(item);
  expect(schema.safeParse(fill(z.toJSONSchema(schema), 'a high b')).success).toBe(true);
});

test('strings keep their format, pattern and length', () => {
  const text = 'Write to jane.doe@example.org before 2026-12-24, see https://example.org/a?b=1. Order AB-1234.';
  expect(fill({ type: 'string', format: 'email' }, text)).toBe('jane.doe@example.org');
  expect(fill({ type: 'string', format: 'date' }, text)).toBe('2026-12-24');
  expect(fill({ type: 'object', properties: { url: { type: 'string' } } }, text)).toEqual({
    url: 'https://example.org/a?b=1',
  });
  expect(fill({ type: 'string', pattern: '^[A-Z]{2}-\\d{4}$' }, text)).toBe('AB-1234');
  expect(fill({ type: 'string', pattern: '^(x|y)z+[^a]\\d{2,}$', minLength: 8 }, text)).toMatch(/^(x|y)z+[^a]\d{2,}$/);
  expect(Array.from(fill({ type: 'string', maxLength: 10 }, '👋'.repeat(30)) as string)).toHaveLength(10);
  expect(fill({ type: 'string', minLength: 5 }, '')).toBe('.....');
});

test('schemas that contain themselves end', () => {
  type Tree = { value: string; children: Tree[]; next: Tree | null };
  const tree: z.ZodType<Tree> = z.strictObject({
    value: z.string(),
    get children() {
      return z.array(tree);
    },
    get next() {
      return z.union([tree, z.null()]);
    },
  });
  expect(fill(z.toJSONSchema(tree), 'One. Two.')).toEqual({ value: 'One. Two.', children: [], next: null });

  const expression = {
    $ref: '#/$defs/expression',
    $defs: {
      expression: { anyOf: [{ $ref: '#/$defs/sum' }, { type: 'number' }] },
      sum: {
        type: 'object',
        properties: { left: { $ref: '#/$defs/expression' }, right: { $ref: '#/$defs/expression' } },
        required: ['left', 'right'],
      },
    },
  };
  expect(fill(expression, '7 apples')).toBe(7);
  const endless = {
    $ref: '#/$defs/a',
    $defs: { a: { type: 'object', properties: { a: { $ref: '#/$defs/a' } }, required: ['a'] } },
  };
  expect(() => fill(endless, 'x')).toThrow(/without an end/);
  expect(() => fill({ $ref: '#/$defs/none' }, 'x')).toThrow(/not in it/);
});

/** Schemas as an endpoint's author would write them, nested a few levels. */
const { schema: anySchema } = fc.letrec<{ schema: z.ZodType; leaf: z.ZodType }>((tie) => ({
  leaf: fc.oneof(
    fc.tuple(fc.nat(8), fc.nat(8)).map(([min, more]) =>
      z
        .string()
        .min(min)
        .max(min + more + 1),
    ),
    fc.tuple(fc.integer({ min: -50, max: 50 }), fc.nat(9)).map(([min, more]) =>
      z
        .int()
        .min(min)
        .max(min + more),
    ),
    fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: 1, max: 9 })).map(([low, more]) =>
      z
        .number()
        .gt(low)
        .lt(low + more),
    ),
    fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: -99, max: 99 })).map(([step, low]) =>
      z
        .number()
        .multipleOf(step / 4)
        .min(low / 10)
        .max(low / 10 + step),
    ),
    fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 5 }).map((values) => z.enum(values)),
    fc.constantFrom(z.boolean(), z.null(), z.email(), z.iso.date(), z.iso.datetime(), z.uuid(), z.ipv4(), z.url()),
    fc
      .constantFrom(/^[a-z]{3,5}$/, /^\d+(\.\d{2})?$/, /^(north|south)-[A-F0-9]+$/, /^\S+ \S+$/)
      .map((p) => z.string().regex(p)),
    fc.oneof(fc.string(), fc.integer(), fc.boolean()).map((value) => z.literal(value)),
  ),
  schema: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc
      .dictionary(fc.constantFrom('title', 'index', 'label', 'score', 'email', 'items', 'note'), tie('schema'))
      .map((shape) => z.strictObject(shape)),
    fc.tuple(tie('schema'), fc.nat(4), fc.nat(4)).map(([item, min, more]) =>
      z
        .array(item)
        .min(min)
        .max(min + more),
    ),
    tie('schema').map((inner) => z.nullable(inner)),
    fc.tuple(tie('schema'), tie('schema')).map((pair) => z.union(pair)),
    fc.tuple(tie('schema'), tie('schema')).map((pair) => z.tuple(pair)),
    tie('schema').map((inner) => z.record(z.string(), inner)),
  ),
}));

test('whatever the schema and the text, the answer is valid', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.lorem({ mode: 'sentences' }),
    fc.json(),
    fc.constant('Call 555 on 2026-01-02.'),
  );
  fc.assert(
    fc.property(anySchema, texts, fc.lorem(), (schema, text, instructions) => {
      const filled = fill(z.toJSONSchema(schema) as JsonSchema, text, instructions);
      const verdict = schema.safeParse(filled);
      if (!verdict.success) throw new Error(`${JSON.stringify(filled)}: ${z.prettifyError(verdict.error)}`);
    }),
    { numRuns: 1500, seed: 20_261_122 },
  );
});
