import { expect, test } from 'vitest';
import * as z from 'zod';
import { defineEndpoint } from '#edge/define-endpoint.ts';
import { small } from '#edge/models.ts';
import { specFaults } from '#infra/check-spec.ts';
import { readInventory } from '#infra/inventory.ts';

const { spec } = defineEndpoint({
  summary: 'A haiku on a topic.',
  input: z.strictObject({ topic: z.string().min(1) }),
  output: z.strictObject({ haiku: z.string() }),
  example: { topic: 'rain' },
  model: small,
  limits: { timeoutMs: 10_000, maxOutputTokens: 100 },
  prompt: ({ topic }) => ({ instructions: 'Write a haiku.', input: topic }),
});
const faultsOf = (change: object) => specFaults({ ...spec, ...change }).join('; ');

test('the specs of the repository have no fault', async () => {
  for (const entry of await readInventory()) expect([entry.name, specFaults(entry.spec)]).toEqual([entry.name, []]);
});

test.each<[string, object, RegExp]>([
  ['a model’s name for a tier', { model: 'gpt-6-luna' }, /^model must be a tier of/],
  [
    'no time',
    { limits: { timeoutMs: 0, maxOutputTokens: 100 } },
    /timeoutMs must be from 1 to 890000, but 0 was given/,
  ],
  [
    'no room for an answer',
    { limits: { timeoutMs: 1, maxOutputTokens: 0 } },
    /maxOutputTokens must be at least 16, but 0/,
  ],
  ['a budget in words', { budget: { monthlyUsd: '5 dollars' } }, /^budget.monthlyUsd: .*5 dollars/],
  ['an example that does not fit', { example: { topic: '' } }, /^example does not fit input: .*topic/s],
  ['no example', { example: undefined }, /^example does not fit input/],
  ['a root that is no object', { output: z.string() }, /^output must be an object/],
  [
    'a root of alternatives',
    { output: z.union([z.strictObject({}), z.strictObject({})]) },
    /^output must be an object/,
  ],
  ['an optional field', { output: z.strictObject({ a: z.string().optional() }) }, /output\.a must be required/],
  ['a field with a default', { output: z.strictObject({ a: z.string().default('x') }) }, /output\.a must be required/],
  [
    'an open object inside',
    { output: z.strictObject({ a: z.object({ b: z.string() }) }) },
    /output\.a must be a z\.strictObject/,
  ],
  [
    'a record',
    { output: z.strictObject({ a: z.record(z.string(), z.string()) }) },
    /output\.a must be a z\.strictObject/,
  ],
  [
    'an optional field in a list',
    { output: z.strictObject({ a: z.array(z.strictObject({ b: z.int().optional() })) }) },
    /output\.a\[\]\.b must be/,
  ],
  ['a date', { output: z.strictObject({ a: z.date() }) }, /^output cannot be told as JSON Schema/],
])('%s is told when the inventory is read', (_what, change, fault) => {
  expect(faultsOf(change)).toMatch(fault);
});

test('what the model does not have to fit may have any form', () => {
  const output = z.strictObject({ a: z.string().optional() });
  expect([faultsOf({ output, answers: 'text' }), faultsOf({ output, answers: 'run' })]).toEqual(['', '']);
});

test('an endpoint without prompt and run is refused where it is defined', () => {
  const definition = { ...spec, prompt: 'Write a haiku.' } as unknown as Parameters<typeof defineEndpoint>[0];
  expect(() => defineEndpoint(definition)).toThrow('an endpoint needs a function prompt or run');
});
