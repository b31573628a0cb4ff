import { expect, test } from 'vitest';
import { expectBooksToAgree } from '#test/support/books.ts';
import { patientEnvironment } from '#test/support/patient-environment.ts';
import type { Step } from '#test/support/scripted-exchange.ts';
import { invalidApiKey } from '#test/support/scripted-failures.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { testKey } from '#test/support/test-key.ts';
import { upstreamPrices } from '#test/support/upstream-prices.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

const body = { text: 'A weir is a low wall across a river.' };
const uncached = { headers: { 'cache-control': 'no-store' } };
const [first, second, third] = [testKey('first'), testKey('second'), testKey('third')];
const MINUTE_MS = 60_000;

test.each([
  ['shortest', 0, 4.5 * MINUTE_MS],
  ['longest', 0.999_999, 5.5 * MINUTE_MS],
])('K2 a rotated key is used within its time to live, at the %s', async (_which, random, freshMs) => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl, random: () => random });
  await weir.post('summarize', body, uncached);
  await weir.putKey(second);
  await weir.clock.advance(freshMs - 1_000);
  await weir.post('summarize', body, uncached);
  await weir.clock.advance(1_000);
  await weir.post('summarize', body, uncached);
  expect(upstream.requests.map(({ key }) => key)).toEqual([first, first, second]);
});

test('K2 at once after one 401: the call that met it succeeds, and the next ones meet none', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices, validKeys: [first] });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await weir.post('summarize', body, uncached);
  await rotate(weir, upstream.validKeys, first, second);

  const met = await weir.post('summarize', body, uncached);
  expect([met.status, met.headers['x-weir-attempts']]).toEqual([200, '2']);
  expect((await weir.post('summarize', body, uncached)).headers['x-weir-attempts']).toBe('1');
  expect(upstream.requests.map(({ key }) => key)).toEqual([first, first, second, second]);
  expect(weir.secrets.counts).toEqual({ GetSecretValue: 2 });
  await expectBooksToAgree(weir, upstream);
});

test('K2 two rotations in a row, before any pause is over: each key is used after one 401', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices, validKeys: [first] });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await weir.post('summarize', body, uncached);
  await rotate(weir, upstream.validKeys, first, second);
  expect((await weir.post('summarize', body, uncached)).status).toBe(200);
  await rotate(weir, upstream.validKeys, second, third);
  expect((await weir.post('summarize', body, uncached)).status).toBe(200);
});

test('K2 rotated under load, in two environments: not one call fails', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices, validKeys: [first] });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const rotated = Promise.all([
    upstream.received(60).then(() => rotate(weir, upstream.validKeys, first, second)),
    upstream.received(140).then(() => rotate(weir, upstream.validKeys, second, third)),
  ]);
  const worker = async (environment: Pick<Weir, 'post'>) => {
    const statuses: number[] = [];
    for (let call = 0; call < 30; call++) statuses.push((await environment.post('summarize', body, uncached)).status);
    return statuses;
  };
  const environments = [weir, weir.newEnvironment()];
  const statuses = (
    await Promise.all(environments.flatMap((each) => [worker(each), worker(each), worker(each)]))
  ).flat();
  await rotated;

  expect(statuses).toHaveLength(180);
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(new Set(upstream.requests.map(({ key }) => key))).toEqual(new Set([first, second, third]));
  expect(upstream.requests.length).toBeGreaterThan(180);
  expect(weir.secrets.counts).toEqual({ GetSecretValue: 6 });
  await expectBooksToAgree(weir, upstream);
});

test('K3 fifty concurrent 401s of a key that was rotated: one read, and all fifty succeed', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  upstream.otherwise(refusing(first, gate));
  const environment = patientEnvironment(weir);
  const pending = Array.from({ length: 50 }, () => environment.post('summarize', body, uncached));
  await gate.reached(50);
  expect(weir.secrets.counts).toEqual({ GetSecretValue: 1 });
  await weir.putKey(second);
  gate.open();
  const statuses = (await Promise.all(pending)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(50);
  expect(upstream.requests).toHaveLength(100);
  expect(weir.secrets.counts).toEqual({ GetSecretValue: 2 });
  await expectBooksToAgree(weir, upstream);
});

test('K3 fifty concurrent 401s of a key that has no successor: one read, fifty typed 502s, no more for 30 s', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  upstream.otherwise(refusing(first, gate));
  const pending = Array.from({ length: 50 }, () => weir.post('summarize', body, uncached));
  await gate.reached(50);
  gate.open();
  const codes = (await Promise.all(pending)).map((reply) => reply.body['code']);
  expect(codes.filter((code) => code === 'upstream_credential')).toHaveLength(50);
  expect(weir.secrets.counts).toEqual({ GetSecretValue: 2 });

  await weir.clock.advance(29_999);
  expect((await weir.post('summarize', body)).headers['x-weir-attempts']).toBe('1');
  expect(weir.secrets.counts).toEqual({ GetSecretValue: 2 });
  await weir.clock.advance(1);
  await weir.putKey(second);
  expect((await weir.post('summarize', body)).status).toBe(200);
});

test('K3 fifty first calls of an environment make one read', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await Promise.all(Array.from({ length: 50 }, () => weir.post('summarize', body, uncached)));
  expect(weir.secrets.counts).toEqual({ GetSecretValue: 1 });
});

/** As rotation does it: the new key works before it is current, and the old one is revoked after. */
async function rotate(weir: Weir, validKeys: Set<string>, from: string, to: string): Promise<void> {
  validKeys.add(to);
  await weir.putKey(to);
  validKeys.delete(from);
}

/** Holds every request at the gate, and then refuses that one key. */
function refusing(key: string, gate: Gate): Step {
  return async (exchange) => {
    await gate.pass();
    await (exchange.request.key === key ? invalidApiKey() : answer())(exchange);
  };
}
