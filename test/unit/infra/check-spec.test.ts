import { expect, test } from 'vitest';
import * as z from 'zod';
import { defineEndpoint } from '#edge/define-endpoint.ts';
import { defineRoute } from '#edge/define-route.ts';
import { defineSchedule } from '#edge/define-schedule.ts';
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
  [
    'an evaluation of another input',
    { evaluations: [{ input: { theme: 'rain' }, check: () => true }] },
    /^evaluations\.0\.input does not fit input: .*theme/s,
  ],
  [
    'an evaluation without a check',
    { evaluations: [{ input: { topic: 'rain' } }] },
    /^evaluations\.0\.check must be a/,
  ],
  [
    'two evaluations of one name',
    { evaluations: ['rain', 'snow'].map((topic) => ({ name: 'rain', input: { topic }, check: () => true })) },
    /^evaluations must differ in name, but 'rain' is given twice/,
  ],
  ['a budget in words', { budget: { monthlyUsd: '5 dollars' } }, /^budget.monthlyUsd: .*5 dollars/],
  ['a day’s budget as a number', { budget: { dailyUsd: 5 } }, /^budget.dailyUsd: .*a number/],
  ['a debt for a budget', { budget: { monthlyUsd: '-0.5' } }, /^budget.monthlyUsd must not be negative, but -0.5/],
  ['no shard', { budget: { shards: 0 } }, /^budget.shards must be from 1 to 100, but 0 was given/],
  ['too many shards', { budget: { monthlyUsd: '5', shards: 101 } }, /^budget.shards must be .* but 101 was given/],
  ['half a shard', { budget: { shards: 1.5 } }, /^budget.shards must be .* but 1.5 was given/],
  [
    'a cut below what OpenAI takes',
    { limits: { ...spec.limits, leastOutputTokens: 15 } },
    /^limits.leastOutputTokens must be from 16 to 100, but 15 was given/,
  ],
  [
    'a least above the most',
    { limits: { ...spec.limits, leastOutputTokens: 101 } },
    /^limits.leastOutputTokens must be from 16 to 100, but 101 was given/,
  ],
  ['a parameter in an endpoint’s path', { path: '/v1/poems/{kind}' }, /^path must be .* without parameters/],
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

test.each<[string, object, RegExp]>([
  [
    'a stream longer than API Gateway’s',
    { stream: { timeoutMs: 870_001 } },
    /^stream.timeoutMs must be from 1 to 870000, but 870001/,
  ],
  ['a stream without time', { stream: { timeoutMs: 0 } }, /^stream.timeoutMs must be from 1 to 870000, but 0/],
  [
    'half a second of patience',
    { stream: { timeoutMs: 60_000, idleTimeoutMs: 500 } },
    /^stream.idleTimeoutMs must be from 1000 to 60000, but 500 was given/,
  ],
  [
    'patience beyond the end',
    { stream: { timeoutMs: 60_000, idleTimeoutMs: 60_001 } },
    /^stream.idleTimeoutMs must be from 1000 to 60000, but 60001 was given/,
  ],
  [
    'a plain reply after a silence that API Gateway cuts',
    { stream: { timeoutMs: 870_000 }, limits: { ...spec.limits, timeoutMs: 290_001 } },
    /^limits.timeoutMs must be from 1 to 290000, but 290001 was given/,
  ],
  [
    'a most below what stands in its place',
    { limits: { ...spec.limits, mostOutputTokens: 99 } },
    /^limits.mostOutputTokens must be at least maxOutputTokens, 100, but 99 was given/,
  ],
  ['no model', { model: undefined }, /^model must be a tier of/],
  [
    'a model that is none, where the caller names it',
    { answers: 'openai', model: 'gpt-6-luna' },
    /^model must be a tier of/,
  ],
  [
    'a text where a stream is asked for in an object',
    { stream: { timeoutMs: 60_000 }, input: z.string(), example: 'rain' },
    /^input must be an object where answers can be streamed/,
  ],
  [
    'a field of the input’s that asks for the stream',
    { stream: { timeoutMs: 60_000 }, input: z.strictObject({ stream: z.string() }), example: { stream: 'Rhine' } },
    /^input must not have stream, which a streaming endpoint's body has beside it/,
  ],
  [
    'a stop condition of the input’s own',
    { stream: { timeoutMs: 60_000 }, input: z.strictObject({ stop_when: z.int() }), example: { stop_when: 1 } },
    /^input must not have stop_when/,
  ],
])('of an endpoint that streams, or takes its model from the caller: %s', (_what, change, fault) => {
  expect(faultsOf(change)).toMatch(fault);
});

test('an endpoint may stream, have no queue, and leave model and output to the caller', () => {
  const stream = { timeoutMs: 870_000, idleTimeoutMs: 1_000 };
  const limits = { timeoutMs: 290_000, maxOutputTokens: 0, mostOutputTokens: 128_000 };
  expect(faultsOf({ stream })).toBe('');
  expect(faultsOf({ stream: { timeoutMs: 60_000, idleTimeoutMs: 60_000 } })).toBe('');
  const open = { input: z.looseObject({ stream: z.boolean().optional() }), output: z.looseObject({}), example: {} };
  const compatible = { answers: 'openai', model: undefined, hasQueue: false, errors: 'openai' };
  expect(faultsOf({ ...open, ...compatible, stream, limits })).toBe('');
});

test('a buffered endpoint may take longer than a stream’s silence, for its queue', () => {
  expect(faultsOf({ limits: { ...spec.limits, timeoutMs: 890_000 } })).toBe('');
});

test('a budget by month and day over shards, and an output that may be cut, are fine', () => {
  const budget = { monthlyUsd: '50', dailyUsd: '0', shards: 100 };
  expect(faultsOf({ budget, limits: { ...spec.limits, leastOutputTokens: 16 } })).toBe('');
  expect(faultsOf({ budget: {}, limits: { ...spec.limits, leastOutputTokens: 100 } })).toBe('');
});

const route = defineRoute({
  summary: 'Changes a thing.',
  method: 'PUT',
  path: '/v1/things/{name}',
  access: ['administrator'],
  query: z.strictObject({ name: z.string(), dry: z.string().optional() }),
  body: z.strictObject({ size: z.int() }),
  handle: async () => ({ json: {} }),
}).spec;

test.each<[string, object, RegExp | '']>([
  ['one as it should be', {}, ''],
  [
    'a parameter that no schema checks',
    { path: '/v1/{kind}/{name}' },
    /^query must have kind, a parameter of the path/,
  ],
  ['a parameter that is part of a segment', { path: '/v1/things/n-{name}' }, /^path must be one such as/],
  ['a greedy parameter', { path: '/v1/things/{name+}' }, /^path must be one such as/],
  ['a path without its slash', { path: 'v1/things/{name}' }, /^path must be one such as/],
  ['an empty segment', { path: '/v1//{name}' }, /^path must be one such as/],
  ['a parameter twice', { path: '/v1/{name}/{name}' }, /^path must not name a parameter twice/],
  ['a GET with a body', { method: 'GET' }, /^body must be given for a PUT or a POST, and for nothing else/],
  ['a PUT without a body', { body: undefined }, /^body must be given for a PUT/],
  ['a POST without a body', { method: 'POST', body: undefined }, /^body must be given for a PUT or a POST/],
  ['a DELETE with a body', { method: 'DELETE' }, /^body must be given for a PUT or a POST/],
  ['a POST with a body', { method: 'POST' }, ''],
  ['a DELETE without one', { method: 'DELETE', body: undefined }, ''],
  [
    'a body in the query',
    { query: z.strictObject({ name: z.string(), body: z.string() }) },
    /^query must not have body/,
  ],
  ['a body that is no JSON', { body: z.strictObject({ at: z.date() }) }, /^query and body must be told as JSON Schema/],
  ['an example of all that it takes', { example: { name: 'a', body: { size: 1 } } }, ''],
  ['an example without the body', { example: { name: 'a' } }, /^example does not fit query and body: .*body/s],
  ['an example of another body', { example: { name: 'a', body: { size: 0.5 } } }, /^example does not fit.*body\.size/s],
  ['an example of another parameter', { example: { nom: 'a', body: { size: 1 } } }, /^example does not fit.*name/s],
  ['no time', { timeoutMs: 0 }, /^timeoutMs must be from 1 to 890000, but 0/],
  ['one for finance and callers', { access: ['finance', 'caller'] }, ''],
  ['one for nobody', { access: [] }, /^access must name a role, or be public$/],
  [
    'A1 one that IAM and the authorizer would both have to guard',
    { access: ['finance', 'administrator'] },
    /^access must be administrator alone or not name it, for they come by IAM, but finance, administrator was given$/,
  ],
])('of a route: %s', (_what, change, fault) => {
  expect(specFaults({ ...route, ...change }).join('; ')).toMatch(fault === '' ? /^$/ : fault);
});

test.each<[string, object, RegExp | '']>([
  ['every minute', { everyMinutes: 1 }, ''],
  ['all the time', { everyMinutes: 0 }, /^everyMinutes must be from 1 to 10080, but 0 was given/],
  ['twice a minute', { everyMinutes: 0.5 }, /^everyMinutes must be/],
  // Node fires a timer of more than 24.8 days at once.
  ['once in a long while', { everyMinutes: 10_081 }, /^everyMinutes must be/],
  ['without an end', { timeoutMs: 900_000 }, /^timeoutMs must be from 1 to 890000/],
])('of a schedule, and of a rotation: %s', (_what, change, fault) => {
  const { spec: schedule } = defineSchedule({ summary: 'Sweeps.', everyMinutes: 5, handle: async () => {} });
  for (const timed of [schedule, { ...schedule, kind: 'rotation' as const }]) {
    expect(specFaults({ ...timed, ...change }).join('; ')).toMatch(fault === '' ? /^$/ : fault);
  }
});

test('what the model does not have to fit may have any form', () => {
  const output = z.strictObject({ a: z.string().optional() });
  expect([faultsOf({ output, answers: 'text' }), faultsOf({ output, answers: 'run' })]).toEqual(['', '']);
});

test('an endpoint without prompt and run is refused where it is defined', () => {
  const definition = { ...spec, prompt: 'Write a haiku.' } as unknown as Parameters<typeof defineEndpoint>[0];
  expect(() => defineEndpoint(definition)).toThrow('an endpoint needs a function prompt or run');
});
