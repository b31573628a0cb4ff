import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pathOf, routedEntries } from '#infra/routes.ts';
import { startLocalGateway, type LocalGateway } from '#test/support/local-gateway.ts';
import { plainAnswers } from '#test/support/plain-answers.ts';
import type { Step } from '#test/support/scripted-exchange.ts';
import { badRequest } from '#test/support/scripted-failures.ts';

const seed = 20_261_122;

let gateway: LocalGateway;
let compatible: { path: string; example: Record<string, unknown> }[];
/** How many requests passed Weir, and were refused by OpenAI. */
let refusedUpstream = 0;

/** OpenAI as it is with strangers: what it cannot work on is a 400, and costs nothing. */
const answersOrRefuses: Step = async (exchange) => {
  const { dimensions = 16, n = 1 } = exchange.request.body;
  try {
    if (!isCount(dimensions, 3_072) || !isCount(n, 128)) throw new RangeError('more than OpenAI makes');
    await plainAnswers(exchange);
  } catch (error) {
    if (exchange.response.headersSent) throw error;
    refusedUpstream++;
    await badRequest()(exchange);
  }
};

function isCount(value: unknown, most: number): boolean {
  return value === null || (Number.isInteger(value) && (value as number) > 0 && (value as number) <= most);
}

beforeAll(async () => {
  gateway = await startLocalGateway();
  gateway.upstream.otherwise(answersOrRefuses);
  compatible = routedEntries(gateway.weir.entries).flatMap((entry) =>
    entry.spec.kind === 'endpoint' && entry.spec.errors === 'openai'
      ? { path: pathOf(entry), example: entry.spec.example as Record<string, unknown> }
      : [],
  );
});
afterAll(() => gateway[Symbol.asyncDispose]());

const NO_FAULT = new Set([200, 400, 404, 413, 422]);

/** All members of the two APIs that Weir looks at, and some that it does not. */
const COMPATIBLE_NAMES = `
  model messages input instructions n stream stream_options tools tool_choice functions
  max_tokens max_completion_tokens max_output_tokens text response_format reasoning modalities
  audio store metadata service_tier safety_identifier prompt_cache_key prompt_cache_options
  prompt_cache_retention previous_response_id conversation prompt background context_management
  moderation web_search_options dimensions encoding_format user logit_bias x
`.match(/\w+/g)!;
const PART_TYPES = `
  input_text image_url input_image input_file function namespace message item_reference
  reasoning function_call compaction input_audio x
`.match(/\w+/g)!;

/** A value of every kind, and lists and objects that hold the kinds in which readers slip. */
const KINDS = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  '',
  'x',
  [],
  {},
  [null],
  [1],
  [[]],
  [{}],
  [{ type: null }],
  { type: 'x' },
];

test.each(COMPATIBLE_NAMES)('no kind of value as %s is a 500 on the compatible routes', async (name) => {
  for (const { path, example } of compatible) {
    for (const value of KINDS) {
      const { status } = await gateway.send({ path, body: { ...example, [name]: value } });
      expect([path, name, value, NO_FAULT.has(status) ? 'fine' : status]).toEqual([path, name, value, 'fine']);
    }
  }
});

test('no change to a good request is a 500 on the compatible routes, whatever its members and parts hold', async () => {
  const plain = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom(null, '', [], {}, [null], 1e308, -0, true));
  const partNames = fc.constantFrom('content', 'image_url', 'detail', 'file_id', 'tools', 'role', 'url', 'function');
  const part = fc
    .tuple(fc.constantFrom(...PART_TYPES), fc.dictionary(partNames, plain, { maxKeys: 3 }))
    .map(([type, members]) => Object.assign(members, { type }));
  const content = fc.array(fc.oneof(part, fc.record({ role: fc.constant('user'), content: fc.array(part) })));
  const value = fc.oneof(plain, content, part, fc.integer({ min: 1, max: 20 }));
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...compatible),
      fc.dictionary(fc.constantFrom(...COMPATIBLE_NAMES), value, { minKeys: 1, maxKeys: 3 }),
      async ({ path, example }, changes) => {
        const reply = await gateway.send({ path, body: { ...example, ...changes } });
        const { status } = reply;
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        expect([path, changes, NO_FAULT.has(status) ? 'fine' : status]).toEqual([path, changes, 'fine']);
        if (status !== 200) expect(reply.json).toMatchObject({ error: { message: expect.any(String) } });
      },
    ),
    { seed, numRuns: 400 },
  );
  // Both were tried: what Weir refuses, and what passes.
  expect([statuses.get(400)! > 100, statuses.get(200)! > 50]).toEqual([true, true]);
});

test('no 4xx of all these reached the upstream or the ledger, but for what OpenAI itself refused', async () => {
  const entries = await gateway.ledger();
  const refused = entries.filter(({ outcome }) => outcome !== 'completed');
  expect(refused).toHaveLength(refusedUpstream);
  for (const { costPico, attempts } of refused) expect([costPico, attempts.length]).toEqual([0n, 1]);
  expect(gateway.upstream.requests).toHaveLength(entries.length);
});
