import { afterAll, beforeAll, expect, test } from 'vitest';
import { pathOf, routedEntries } from '#infra/routes.ts';
import { startLocalGateway, type GatewayReply, type LocalGateway } from '#test/support/local-gateway.ts';

let gateway: LocalGateway;
let paths: string[];

beforeAll(async () => {
  gateway = await startLocalGateway();
  paths = routedEntries(gateway.weir.entries).flatMap((entry) => (entry.spec.kind === 'endpoint' ? pathOf(entry) : []));
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** Sends the same to every endpoint. */
async function everywhere(body: unknown): Promise<GatewayReply[]> {
  return Promise.all(paths.map((path) => gateway.send({ path, body })));
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
    for (const { status, json } of await everywhere(bodyWith(key))) {
      expect([status, json['detail']]).toEqual([400, `${key} is not allowed as a field's name`]);
    }
  }
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
});

test('I4 as a text’s content the same words are nothing special', async () => {
  const reply = await gateway.send({ path: '/v1/summarize', body: { text: '__proto__ and constructor' } });
  expect(reply.status).toBe(200);
});

test.each([
  ['lists', '['.repeat(100_000) + ']'.repeat(100_000)],
  ['objects', '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000)],
  ['a field’s lists', `{"text":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
])('I4 100,000-deep nesting of %s is a 4xx within 100 ms', async (_kind, body) => {
  await gateway.send({ path: '/v1/embed', body: {} });
  const tookMs: number[] = [];
  for (let round = 0; round < 5; round++) {
    const startedMs = performance.now();
    const { status, json } = await gateway.send({ path: '/v1/embed', body });
    tookMs.push(performance.now() - startedMs);
    expect([status, json['detail']]).toEqual([400, 'body must be nested at most 64 levels deep']);
  }
  // The best of five: the machine may be busy with something else, the parser may not.
  expect(Math.min(...tookMs)).toBeLessThan(100);
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
  for (const { status, text, json } of await everywhere(fields)) {
    expect(status).toBe(400);
    expect(Buffer.byteLength(text)).toBeLessThan(10_000);
    expect((json['errors'] as object[]).at(-1)).toMatchObject({
      message: expect.stringMatching(/more faults? not shown/),
    });
  }
});

test('a field’s name of a megabyte is not sent back', async () => {
  for (const { status, text } of await everywhere({ ['n'.repeat(1_000_000)]: 1 })) {
    expect(status).toBe(400);
    expect(Buffer.byteLength(text)).toBeLessThan(2_000);
  }
});

test('a list of 500,000 things of the wrong kind is refused without trouble', async () => {
  const body = `{"texts":[${'1,'.repeat(499_999)}1],"labels":["a","b"]}`;
  for (const { status, text } of await everywhere(body)) {
    expect(status).toBe(400);
    expect(Buffer.byteLength(text)).toBeLessThan(10_000);
  }
});

test('none of it cost anything', async () => {
  const entries = await gateway.ledger();
  expect(entries.length).toBe(gateway.upstream.requests.length);
  expect(gateway.upstream.requests).toHaveLength(1);
});
