import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorForm } from '#edge/specs.ts';
import { pathOf, routedEntries } from '#infra/routes.ts';
import { startLocalGateway, type LocalGateway } from '#test/support/local-gateway.ts';
import { refusalOf, type Refusal } from '#test/support/told-refusal.ts';

let gateway: LocalGateway;
let endpoints: { path: string; form: ErrorForm }[];

beforeAll(async () => {
  gateway = await startLocalGateway();
  endpoints = routedEntries(gateway.weir.entries).flatMap((entry) =>
    entry.spec.kind === 'endpoint' ? { path: pathOf(entry), form: entry.spec.errors } : [],
  );
});
afterAll(() => gateway[Symbol.asyncDispose]());

interface Told extends Refusal {
  readonly form: ErrorForm;
  readonly bytes: number;
}

/** Sends the same to every endpoint; each refuses it in its own form. */
async function everywhere(body: unknown): Promise<Told[]> {
  return Promise.all(
    endpoints.map(async ({ path, form }) => {
      const reply = await gateway.send({ path, body });
      return { ...refusalOf(form, reply), form, bytes: Buffer.byteLength(reply.text) };
    }),
  );
}

test.each([
  ['at the root', (key: string) => `{"text":"a","${key}":{"polluted":true}}`],
  ['in a list', (key: string) => `{"texts":["a",{"${key}":{"polluted":true}}]}`],
  ['deep inside', (key: string) => `{"a":{"b":[[{"c":{"${key}":1}}]]}}`],
  [
    'spelled with escapes',
    (key: string) => `{"${key.replaceAll(/./g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`)}":1}`,
  ],
])('I4 __proto__, constructor and prototype are refused %s', async (_where, bodyWith) => {
  for (const key of ['__proto__', 'constructor', 'prototype']) {
    for (const { status, message, errors } of await everywhere(bodyWith(key))) {
      expect([status, message]).toEqual([400, `${key} is not allowed as a field's name`]);
      expect(errors).toEqual([{ field: key, message }]);
    }
  }
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
});

test('I4 as a text’s content the same words are nothing special', async () => {
  const words = '__proto__ and constructor';
  const replies = [
    await gateway.send({ path: '/v1/summarize', body: { text: words } }),
    await gateway.send({ path: '/openai/v1/responses', body: { model: 'gpt-6-luna', input: words } }),
  ];
  expect(replies.map(({ status }) => status)).toEqual([200, 200]);
});

describe.each(['/v1/embed', '/openai/v1/chat/completions', '/openai/v1/embeddings'])('%s', (path) => {
  test.each([
    ['lists', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['objects', '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000)],
    ['a field’s lists', `{"text":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
  ])('I4 100,000-deep nesting of %s is a 4xx within 100 ms', async (_kind, body) => {
    const form = endpoints.find((endpoint) => endpoint.path === path)!.form;
    await gateway.send({ path, body: {} });
    const tookMs: number[] = [];
    for (let round = 0; round < 5; round++) {
      const startedMs = performance.now();
      const reply = await gateway.send({ path, body });
      tookMs.push(performance.now() - startedMs);
      expect([reply.status, refusalOf(form, reply).message]).toEqual([
        400,
        'body must be nested at most 64 levels deep',
      ]);
    }
    // The best of five: the machine may be busy with something else, the parser may not.
    expect(Math.min(...tookMs)).toBeLessThan(100);
  });
});

test('I4 nesting that never ends is malformed, and no work for the parser', async () => {
  for (const body of ['['.repeat(1_000_000), '{"a":'.repeat(200_000), '[{"a":'.repeat(100_000)]) {
    const startedMs = performance.now();
    for (const { status } of await everywhere(body)) expect(status).toBe(422);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  }
});

test('a body that is wrong in every one of its 100,000 fields is answered with a short list', async () => {
  const fields = Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`k${at}`, 1]));
  for (const { form, status, errors, bytes } of await everywhere(fields)) {
    expect(status).toBe(400);
    expect(bytes).toBeLessThan(10_000);
    // Where fields that nobody knows pass, only the missing ones are wrong.
    const last = form === 'openai' ? /^(messages|input|model) is required/ : /more faults? not shown/;
    expect(errors?.at(-1)).toMatchObject({ message: expect.stringMatching(last) });
  }
});

test('a field’s name of a megabyte is not sent back', async () => {
  for (const { status, bytes } of await everywhere({ ['n'.repeat(1_000_000)]: 1 })) {
    expect(status).toBe(400);
    expect(bytes).toBeLessThan(2_000);
  }
});

test('nor is one on the way to a fault on a compatible route', async () => {
  const unpriced = { type: 'input_audio', input_audio: {} };
  const nested = { ['n'.repeat(1_000_000)]: unpriced };
  for (const [path, body] of [
    ['/openai/v1/chat/completions', { model: 'gpt-6-luna', messages: [nested] }],
    ['/openai/v1/responses', { model: 'gpt-6-luna', input: [{ role: 'user', content: nested }] }],
    ['/openai/v1/chat/completions', { model: 'n'.repeat(1_000_000), messages: [] }],
    ['/openai/v1/moderations', { input: [{ type: 'n'.repeat(1_000_000) }], model: 'n'.repeat(1_000_000) }],
  ] as const) {
    const reply = await gateway.send({ path, body });
    expect([path, refusalOf('openai', reply).status]).toEqual([path, 400]);
    expect(Buffer.byteLength(reply.text)).toBeLessThan(2_000);
  }
});

test('a list of 500,000 things of the wrong kind is refused without trouble', async () => {
  const wrong = `[${'1,'.repeat(499_999)}-1]`;
  const bodies = {
    problem: `{"texts":${wrong},"labels":["a","b"]}`,
    openai: `{"model":"text-embedding-3-small","input":${wrong}}`,
  };
  for (const { path, form } of endpoints) {
    const reply = await gateway.send({ path, body: bodies[form] });
    expect([path, refusalOf(form, reply).status]).toEqual([path, 400]);
    expect(Buffer.byteLength(reply.text)).toBeLessThan(10_000);
  }
});

test('none of it cost anything', async () => {
  const entries = await gateway.ledger();
  expect(entries.length).toBe(gateway.upstream.requests.length);
  expect(gateway.upstream.requests).toHaveLength(2);
});
