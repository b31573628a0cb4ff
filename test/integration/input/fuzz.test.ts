import { connect } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ErrorForm } from '#edge/specs.ts';
import { pathOf, routedEntries } from '#infra/routes.ts';
import { startLocalGateway, type LocalGateway } from '#test/support/local-gateway.ts';
import { refusalOf } from '#test/support/told-refusal.ts';

const seed = 20_261_122;

let gateway: LocalGateway;
let endpoints: { path: string; example: Record<string, unknown>; form: ErrorForm }[];
beforeAll(async () => {
  gateway = await startLocalGateway();
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
  const own = endpoints.filter(({ form }) => form === 'problem');
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...own),
      fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 3 }),
      async ({ path, example }, changes) => {
        const { status } = await gateway.send({ path, body: { ...example, ...changes } });
        expect([path, changes, NO_FAULT.has(status) ? 'fine' : status]).toEqual([path, changes, 'fine']);
      },
    ),
    { seed, numRuns: 400 },
  );
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

test('and no 4xx of all these reached the upstream or the ledger', async () => {
  const entries = await gateway.ledger();
  expect(entries.filter(({ outcome }) => outcome !== 'completed')).toEqual([]);
  expect(gateway.upstream.requests.length).toBeLessThanOrEqual(entries.length);
});
