import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FUNCTIONS_FOLDER, readInventory } from '#infra/inventory.ts';
import { pathOf, routedEntries } from '#infra/routes.ts';
import { formatUsd } from '#platform/money.ts';
import { upperBound } from '#pricing/upper-bound.ts';
import { startLocalGateway, type LocalGateway } from '#test/support/local-gateway.ts';
import { faultsAgainst, type OpenApi } from '#test/support/openapi-faults.ts';
import { refusalOf } from '#test/support/told-refusal.ts';

/** What every endpoint owes its callers, whatever it does. One that is added is held to it without a word here. */
const endpoints = routedEntries(await readInventory(FUNCTIONS_FOLDER)).flatMap((entry) =>
  entry.spec.kind === 'endpoint' ? { name: entry.name, path: pathOf(entry), spec: entry.spec } : [],
);

/** Whether a model costs nothing, by the price book: moderations only. */
function isFree(model: string): boolean {
  const bound = upperBound({ model, at: Date.now(), serviceTier: 'default', inputTokens: 1_000, maxOutputTokens: 0 });
  return bound.priced && bound.pico === 0n;
}

let gateway: LocalGateway;
let openapi: OpenApi;
beforeAll(async () => {
  gateway = await startLocalGateway({ simulated: true });
  openapi = (await gateway.send({ method: 'GET', path: '/openapi.json', key: null })).json as unknown as OpenApi;
});
afterAll(() => gateway[Symbol.asyncDispose]());

test('there are endpoints to hold to it', () => {
  expect(endpoints.map(({ name }) => name)).toEqual(expect.arrayContaining(['classify', 'embed', 'summarize']));
});

describe.each(endpoints)('$name', ({ name, path, spec }) => {
  // A `run` that keeps answers has one of its own making, and asks for another.
  const keepsSome = spec.cachesOnRequest && spec.answers === 'run';
  const cacheOf = (times: number) => {
    if (!spec.deterministic) return keepsSome ? 'miss' : 'bypass';
    return times === 1 ? 'miss' : 'hit';
  };

  test('answers its own example, as its schema and the OpenAPI document say, with a receipt', async () => {
    const { status, headers, json } = await gateway.send({ path, body: spec.example });
    expect([status, json['detail'] ?? json['error'] ?? undefined]).toEqual([200, undefined]);
    expect(spec.output.safeParse(json).error).toBeUndefined();
    expect(
      faultsAgainst(openapi, { method: 'post', path, status, contentType: headers['content-type'], body: json }),
    ).toEqual([]);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-weir-cache': cacheOf(1),
      'x-weir-attempts': expect.stringMatching(/^[1-9]\d*$/),
      'x-weir-upstream': 'simulated',
    });
    expect(headers['x-weir-call-id']).toMatch(/^[\da-hjkmnp-tv-z]{26}$/);
    const model = spec.model?.model ?? (spec.example as { model: string }).model;
    expect(headers['x-weir-cost-usd']).toMatch(isFree(model) ? /^0$/ : /^0\.0*[1-9]\d*$/);
    expect(headers['x-weir-model']).toContain(model);
    expect(headers['age']).toBeUndefined();
  });

  test('answers it a second time as it declares: from the cache and for nothing, or anew', async () => {
    const first = await gateway.send({ path, body: spec.example });
    const second = await gateway.send({ path, body: spec.example });
    expect([second.status, second.headers['x-weir-cache']]).toEqual([200, cacheOf(2)]);
    if (!spec.deterministic) return;
    expect(second.json).toEqual(first.json);
    expect(second.headers).toMatchObject({
      'x-weir-cost-usd': '0',
      'x-weir-attempts': '0',
      age: expect.stringMatching(/^\d+$/),
    });
    expect(second.headers['x-weir-call-id']).not.toBe(first.headers['x-weir-call-id']);
  });

  test('shows each call in the ledger, as the reply told', async () => {
    const replies = [
      await gateway.send({ path, body: spec.example }),
      await gateway.send({ path, body: spec.example }),
    ];
    const entries = await gateway.ledger();
    for (const { headers } of replies) {
      const entry = entries.find(({ callId }) => callId === headers['x-weir-call-id']);
      expect(entry).toMatchObject({
        endpoint: name,
        caller: 'local-caller',
        callerKind: 'caller',
        outcome: 'completed',
        basis: 'exact',
        model: headers['x-weir-model'],
        cache: headers['x-weir-cache'],
        requestId: headers['x-request-id'],
      });
      expect(formatUsd(entry!.costPico)).toBe(headers['x-weir-cost-usd']);
      expect(String(entry!.attempts.length)).toBe(headers['x-weir-attempts']);
      if (entry!.cache === 'hit' && !isFree(entry!.model)) expect(entry!.savedPico).toBeGreaterThan(0n);
    }
  });

  test.each(['GET', 'OPTIONS', 'PUT', 'DELETE'])('refuses %s cleanly', async (method) => {
    const reply = await gateway.send({ method, path });
    expect([reply.status, reply.headers['content-type'], reply.json['status']]).toEqual([
      404,
      'application/problem+json',
      404,
    ]);
  });

  test('takes no field that it does not know, unless it passes them on to OpenAI', async () => {
    const reply = await gateway.send({ path, body: { ...(spec.example as object), unknown_field: 1 } });
    if (spec.answers === 'openai') return expect(reply.status).toBe(200);
    const { status, message } = refusalOf(spec.errors, reply);
    expect([status, message]).toEqual([400, 'unknown_field is not a known field']);
  });

  test('refuses wrong input, nobody’s key, no JSON and too much of it, as OpenAPI says', async () => {
    const replies = await Promise.all([
      gateway.send({ path, body: {} }),
      gateway.send({ path, body: spec.example, key: 'nobody' }),
      gateway.send({ path, body: '{' }),
      gateway.send({ path, body: ' '.repeat(4_600_000) }),
      gateway.send({
        path,
        body: spec.example,
        key: await gateway.register({ id: 'x', roles: ['finance'], endpoints: ['*'] }),
      }),
    ]);
    expect(replies.map(({ status }) => status)).toEqual([400, 401, 422, 413, 403]);
    for (const { status, headers, json } of replies) {
      expect(
        faultsAgainst(openapi, { method: 'post', path, status, contentType: headers['content-type'], body: json }),
      ).toEqual([]);
    }
  });
});

test('spend shows every call of all endpoints, to the pico-dollar the sum of the ledger', async () => {
  const key = gateway.weir.keys.administrator;
  const spend = async (query = '') => gateway.send({ method: 'GET', path: `/v1/spend${query}`, key });
  const { status, headers, json } = await spend();
  const entries = await gateway.ledger();
  expect(
    faultsAgainst(openapi, {
      method: 'get',
      path: '/v1/spend',
      status,
      contentType: headers['content-type'],
      body: json,
    }),
  ).toEqual([]);
  expect(json['totalUsd']).toBe(formatUsd(entries.reduce((sum, { costPico }) => sum + costPico, 0n)));
  const rows = json['rows'] as { endpoint: string; calls: number; cacheHits: number }[];
  for (const { name } of endpoints) {
    const own = entries.filter(({ endpoint }) => endpoint === name);
    const row = rows.find(({ endpoint }) => endpoint === name);
    expect(row).toMatchObject({ calls: own.length, cacheHits: own.filter(({ cache }) => cache === 'hit').length });
  }
  const csv = await spend('?format=csv&by=endpoint,caller');
  expect([csv.status, csv.headers['content-type']]).toEqual([200, 'text/csv; charset=utf-8']);
  expect(csv.text.split('\r\n')[0]).toBe(
    'endpoint,caller,calls,cacheHits,inputTokens,outputTokens,costUsd,unknownUsd,savedUsd',
  );
  expect(gateway.upstream.requests, 'the simulated upstream answers, and no other').toEqual([]);
});
