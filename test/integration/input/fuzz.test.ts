import { connect } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ErrorForm } from '#edge/specs.ts';
import { pathOf, routedEntries } from '#infra/routes.ts';
import { startLocalGateway, type LocalGateway } from '#test/support/local-gateway.ts';
import { plainAnswers } from '#test/support/plain-answers.ts';
import type { Step } from '#test/support/scripted-exchange.ts';
import { badRequest } from '#test/support/scripted-failures.ts';
import { refusalOf } from '#test/support/told-refusal.ts';

const seed = 20_261_122;

let gateway: LocalGateway;
let endpoints: { path: string; example: Record<string, unknown>; form: ErrorForm }[];
/** Requests that passed Weir, on the compatible routes, and that OpenAI refuses. */
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
  endpoints = routedEntries(gateway.weir.entries).flatMap((entry) =>
    entry.spec.kind === 'endpoint'
      ? { path: pathOf(entry), example: entry.spec.example as Record<string, unknown>, form: entry.spec.errors }
      : [],
  );
});
afterAll(() => gateway[Symbol.asyncDispose]());

const NO_FAULT = new Set([200, 400, 404, 413, 422]);

test('no JSON value as a body is a 500, at any endpoint', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), async (body) => {
      for (const { path, form } of endpoints) {
        const { status, errors } = refusalOf(form, await gateway.send({ path, body: JSON.stringify(body) }));
        expect(status).toBe(400);
        expect(errors?.length).toBeGreaterThan(0);
      }
    }),
    { seed, numRuns: 80 },
  );
});

test('no bytes as a body are a 500', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      for (const path of ['/v1/classify', '/openai/v1/responses']) {
        const { status } = await gateway.send({ path, body: bytes });
        expect([400, 422]).toContain(status);
      }
    }),
    { seed, numRuns: 150 },
  );
});

test('no change to a good input is a 500: a field removed, added, doubled, or of another kind', async () => {
  const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom(null, '', [], {}, [null], 1e308, -0, ['', {}]));
  const names = ['text', 'texts', 'labels', 'multi', 'sentences', 'language', 'style', 'dimensions', 'x'];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...endpoints),
      fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 3 }),
      async ({ path, example }, changes) => {
        const { status } = await gateway.send({ path, body: { ...example, ...changes } });
        expect([path, changes, NO_FAULT.has(status) ? 'fine' : status]).toEqual([path, changes, 'fine']);
      },
    ),
    { seed, numRuns: 400 },
  );
});

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
  for (const { path, example } of endpoints.filter(({ form }) => form === 'openai')) {
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
  const compatible = endpoints.filter(({ form }) => form === 'openai');
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

test('no header that node can send is a 500', async () => {
  const name = fc.oneof(
    fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}$/),
    fc.constantFrom(
      'x-weir-timeout-ms',
      'cache-control',
      'accept',
      '__proto__',
      'constructor',
      'toString',
      'x-amzn-trace-id',
    ),
  );
  const value = fc.string({
    unit: fc
      .integer({ min: 0x20, max: 0xff })
      .filter((c) => c !== 0x7f)
      .map((c) => String.fromCharCode(c)),
    maxLength: 100,
  });
  // What belongs to the connection, and not to the request.
  const hopByHop =
    /^(host|connection|content-length|transfer-encoding|expect|upgrade|te|trailer|keep-alive|proxy-.*|authorization)$/i;
  await fc.assert(
    fc.asyncProperty(
      name.filter((n) => !hopByHop.test(n)),
      value,
      async (header, content) => {
        const body = { text: 'A weir is a low wall across a river.' };
        const { status } = await gateway.send({ path: '/v1/summarize', body, headers: { [header]: content } });
        // 504: `only-if-cached`, or a deadline of a few milliseconds.
        expect([200, 400, 504]).toContain(status);
      },
    ),
    { seed, numRuns: 150 },
  );
});

test('no path, query or method is a 500', async () => {
  const { hostname, port } = new URL(gateway.url);
  /** Past every client that would mend it. */
  const statusOf = async (method: string, target: string): Promise<number> => {
    const socket = connect(Number(port), hostname);
    const key = gateway.weir.keys.administrator;
    socket.write(
      `${method} ${target} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\nconnection: close\r\n\r\n`,
    );
    const [, status] = /^HTTP\/1.1 (\d{3})/.exec(await readText(socket)) ?? [];
    return Number(status);
  };
  const refused = new Set([200, 400, 401, 403, 404, 422, 431]);
  const known = [
    '/',
    '*',
    '//',
    '//[',
    '/[',
    '/%',
    '/%ff',
    '/v1/spend?%',
    '/v1/spend?from=%ff',
    '/v1/spend?&=&',
    '/health?%E0%A4%A',
    '/v1/summarize/',
    '/V1/SUMMARIZE',
    '/v1/summarize%00',
    'http://[/',
    '/..',
    '/v1/..;/spend',
    `/${'a'.repeat(8_000)}`,
  ];
  for (const target of known) expect([target, refused.has(await statusOf('GET', target))]).toEqual([target, true]);
  const target = fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)),
    maxLength: 40,
  });
  const prefix = fc.constantFrom('/', '/v1/', '/v1/spend', '/v1/spend?', '/health?', '/v1/summarize?');
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'),
      prefix,
      target,
      async (method, start, end) => {
        expect([method, start + end, refused.has(await statusOf(method, start + end))]).toEqual([
          method,
          start + end,
          true,
        ]);
      },
    ),
    { seed, numRuns: 200 },
  );
});

test('and no 4xx of all these reached the upstream or the ledger, but for what OpenAI itself refused', async () => {
  const entries = await gateway.ledger();
  const refused = entries.filter(({ outcome }) => outcome !== 'completed');
  expect(refused).toHaveLength(refusedUpstream);
  for (const { endpoint, costPico, attempts } of refused) {
    expect([endpoint.startsWith('openai/'), costPico, attempts.length]).toEqual([true, 0n, 1]);
  }
  expect(gateway.upstream.requests.length).toBeLessThanOrEqual(entries.length);
});
