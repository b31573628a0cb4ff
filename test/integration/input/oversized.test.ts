import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EndpointSpec } from '#edge/specs.ts';
import { pathOf, routedEntries } from '#infra/routes.ts';
import { startLocalGateway, type LocalGateway } from '#test/support/local-gateway.ts';

let gateway: LocalGateway;
let endpoints: { path: string; spec: EndpointSpec }[];

beforeAll(async () => {
  gateway = await startLocalGateway();
  endpoints = routedEntries(gateway.weir.entries).flatMap((entry) =>
    entry.spec.kind === 'endpoint' ? { path: pathOf(entry), spec: entry.spec } : [],
  );
});
afterAll(() => gateway[Symbol.asyncDispose]());

test.each([
  ['max_tokens', 1e9],
  ['max_output_tokens', 1e9],
  ['n', 1000],
  ['best_of', 1000],
  ['stream', true],
  ['previous_response_id', 'resp_1'],
])('I6 %s is no field of ours: refused by name', async (name, value) => {
  for (const { path, spec } of endpoints) {
    const { status, json } = await gateway.send({ path, body: { ...(spec.example as object), [name]: value } });
    expect([status, json['detail']]).toEqual([400, `${name} is not a known field`]);
  }
});

test.each([
  [
    '/v1/summarize',
    { text: 'a'.repeat(200_001) },
    'text must be at most 200,000 characters long, but 200,001 characters were provided',
  ],
  ['/v1/summarize', { text: 'a', sentences: 1e9 }, 'sentences must be at most 10, but 1000000000 was provided'],
  [
    '/v1/embed',
    { texts: ['a'], dimensions: 1e9 },
    'dimensions must be at most 1,536, but 1000000000 was provided; texts times dimensions must be at most 250,000, but 1 × 1,000,000,000 = 1,000,000,000 was provided',
  ],
  ['/v1/embed', { texts: Array(501).fill('a') }, 'texts must have at most 500 items, but 501 items were provided'],
  [
    '/v1/embed',
    { texts: ['a'.repeat(30_001)] },
    'texts.0 must be at most 30,000 characters long, but 30,001 characters were provided',
  ],
  [
    '/v1/embed',
    { texts: Array(228).fill('a') },
    'texts times dimensions must be at most 250,000, but 228 × 1,536 = 350,208 was provided',
  ],
  [
    '/v1/classify',
    { texts: Array(101).fill('a'), labels: ['x', 'y'] },
    'texts must have at most 100 items, but 101 items were provided',
  ],
  [
    '/v1/classify',
    { texts: Array(11).fill('a'.repeat(20_000)), labels: ['x', 'y'] },
    'texts must be at most 200,000 characters together, but 220000 were provided',
  ],
  [
    '/v1/classify',
    { text: 'a', labels: Array.from({ length: 51 }, (_, at) => `l${at}`) },
    'labels must have at most 50 items, but 51 items were provided',
  ],
])('I6 oversized %s is refused with its limit and what came', async (path, body, detail) => {
  const reply = await gateway.send({ path, body });
  expect([reply.status, reply.json['detail']]).toEqual([400, detail]);
});

test('I6 a body of 10 MB is a 413 at every endpoint, JSON or not', async () => {
  for (const { path } of endpoints) {
    for (const body of [`{"text":"${'a'.repeat(10_000_000)}"}`, '{'.repeat(10_000_000)]) {
      const { status, json } = await gateway.send({ path, body });
      expect([path, status, json['code']]).toEqual([path, 413, 'too_large']);
      expect(json['detail']).toMatch(/^the body must be at most \d+ bytes, but \d{8} were sent$/);
    }
  }
});

test('I6 a body over the endpoint’s own limit is a 413 that names both sizes', async () => {
  for (const { path, spec } of endpoints) {
    const limitBytes = spec.limits.maxBodyBytes ?? 1_500_000;
    const { status, json } = await gateway.send({ path, body: ' '.repeat(limitBytes + 1) });
    expect([status, json['detail'], json['limitBytes'], json['bodyBytes']]).toEqual([
      413,
      `the body must be at most ${limitBytes} bytes long, but ${limitBytes + 1} were provided`,
      limitBytes,
      limitBytes + 1,
    ]);
    // A byte less is looked at.
    expect((await gateway.send({ path, body: ' '.repeat(limitBytes) })).status).toBe(422);
  }
});

test('I6 none of it was sent upstream or put into the ledger', async () => {
  expect(gateway.upstream.requests).toEqual([]);
  expect(await gateway.ledger()).toEqual([]);
});
