import { expect, test } from 'vitest';
import type { FakeClock } from '#test/support/fake-clock.ts';
import { expectBooksToAgree } from '#test/support/books.ts';
import { awsError, holdRequest } from '#test/support/fault-proxy.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import type { Step } from '#test/support/scripted-exchange.ts';
import { invalidApiKey } from '#test/support/scripted-failures.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { testKey } from '#test/support/test-key.ts';
import { upstreamPrices } from '#test/support/upstream-prices.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

const body = { text: 'A weir is a low wall across a river.' };
const uncached = { headers: { 'cache-control': 'no-store' } };
const [first, second, third] = [testKey('first'), testKey('second'), testKey('third')];
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A key is read again after five minutes, less a tenth where the random source gives 0. */
const FRESH_MS = 4.5 * MINUTE_MS;

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
  const pending = Array.from({ length: 50 }, () => weir.post('summarize', body, uncached));
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

test.each([
  ['a trailing newline', `${first}\n`],
  ['white space around it', `  ${first} \r\n`],
  ['the JSON that rotation writes', JSON.stringify({ id: 'key_1', value: `${first}\n` })],
])('K8 a key with %s works', async (_what, key) => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices, validKeys: [first] });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl, key });
  expect((await weir.post('summarize', body)).status).toBe(200);
});

test.each([
  ['with an inner newline', `${first.slice(0, 24)}\n${first.slice(24)}`],
  ['with an inner space', `${first.slice(0, 24)} ${first.slice(24)}`],
  ['that is not ASCII', `${first}é`],
  ['that is white space', ' \n'],
  ['in JSON without a value', JSON.stringify({ id: 'key_1', key: first })],
  ['in JSON that is cut', `{"value":"${first}`],
])('K8 a key %s is a configuration error without the value', async (_what, key) => {
  await using upstream = await startScriptedUpstream();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl, key });
  const reply = await weir.post('summarize', body);
  expect([reply.status, reply.body['code'], upstream.requests.length]).toEqual([500, 'configuration', 0]);
  // Half of the key or more, from either end.
  for (const text of [reply.raw, ...weir.lines]) {
    expect(text).not.toContain(first.slice(0, 24));
    expect(text).not.toContain(first.slice(24));
  }
  expect(await weir.ledger()).toEqual([]);
});

test.each([
  ['refuses connections', (weir: Weir) => weir.secrets.gone()],
  ['throttles', (weir: Weir) => void weir.secrets.rules.push({ fault: awsError('ThrottlingException') })],
  ['fails', (weir: Weir) => void weir.secrets.rules.push({ fault: awsError('InternalServiceError', { status: 500 }) })],
])('K9 while Secrets Manager %s, the key in memory serves on, with an alarm, for six hours', async (_how, breakIt) => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await weir.post('summarize', body, uncached);
  await breakIt(weir);

  await weir.clock.advance(FRESH_MS);
  expect((await weir.post('summarize', body, uncached)).status).toBe(200);
  expect(staleAlarms(weir)).toBe(1);

  await weir.clock.advance(6 * HOUR_MS - FRESH_MS - 1);
  expect((await weir.post('summarize', body, uncached)).status).toBe(200);
  expect(staleAlarms(weir)).toBe(2);

  await weir.clock.advance(1);
  const refused = await weir.post('summarize', body, uncached);
  expect([refused.status, refused.body['code'], upstream.requests.length]).toEqual([503, 'key_unavailable', 3]);
  await expectBooksToAgree(weir, upstream);
});

test('K9 during an outage the secret is asked for at most every ten seconds, and after it the new key is used', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await weir.post('summarize', body, uncached);
  weir.secrets.rules.push({ fault: awsError('ThrottlingException') });
  await weir.clock.advance(FRESH_MS);
  for (let call = 0; call < 5; call++) await weir.post('summarize', body, uncached);
  // One good read before, and one refresh of three tries.
  expect(weir.secrets.counts).toEqual({ GetSecretValue: 4 });
  expect(staleAlarms(weir)).toBe(1);

  weir.secrets.rules.length = 0;
  await weir.putKey(second);
  await weir.clock.advance(10_000);
  await weir.post('summarize', body, uncached);
  expect(upstream.requests.at(-1)?.key).toBe(second);
});

test('K9 a new version that is malformed does not take the place of the key that works', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await weir.post('summarize', body, uncached);
  await weir.putKey('not\na key');
  await weir.clock.advance(FRESH_MS);
  expect((await weir.post('summarize', body, uncached)).status).toBe(200);
  expect(upstream.requests.at(-1)?.key).toBe(first);
});

test('K9 an environment that never had a key answers 503, holds nothing, and recovers by itself', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await weir.secrets.gone();
  const reply = await weir.post('summarize', body);
  expect([reply.status, reply.body['code'], upstream.requests.length]).toEqual([503, 'key_unavailable', 0]);
  expect(await weir.budget('summarize')).toBeUndefined();
  await weir.secrets.listen();
  expect((await weir.post('summarize', body)).status).toBe(200);
});

test('K9 a secret that does not exist is 503, without its name', async () => {
  await using upstream = await startScriptedUpstream();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl, key: null });
  const reply = await weir.post('summarize', body);
  expect([reply.status, reply.body['code']]).toEqual([503, 'key_unavailable']);
  expect(reply.raw).not.toContain('weir/openai');
});

test('K9 a Secrets Manager that hangs does not outlast the deadline', async () => {
  await using upstream = await startScriptedUpstream();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  weir.secrets.rules.push({ fault: holdRequest(gate) });
  const pending = weir.post('summarize', body, { headers: { 'x-weir-timeout-ms': '1000' } });
  await gate.reached();
  await weir.clock.advance(800);
  expect((await pending).body['code']).toBe('deadline_exceeded');
  gate.open();
});

/** As rotation does it: the new key works before it is current, and the old one is revoked after. */
async function rotate(weir: Weir<FakeClock>, validKeys: Set<string>, from: string, to: string): Promise<void> {
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

function staleAlarms(weir: Weir): number {
  return weir.lines.filter((line) => (JSON.parse(line) as { alarm?: string }).alarm === 'key-stale').length;
}
