import { expect, onTestFinished, test } from 'vitest';
import { expectBooksToAgree } from '#test/support/books.ts';
import { awsError, holdRequest } from '#test/support/fault-proxy.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { testKey } from '#test/support/test-key.ts';
import { upstreamPrices } from '#test/support/upstream-prices.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

const body = { text: 'A weir is a low wall across a river.' };
const uncached = { headers: { 'cache-control': 'no-store' } };
const [first, second] = [testKey('first'), testKey('second')];
/** A key is read again after five minutes, less a tenth where the random source gives 0. */
const FRESH_MS = 270_000;
const SIX_HOURS_MS = 6 * 3_600_000;

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

  await weir.clock.advance(SIX_HOURS_MS - FRESH_MS - 1);
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

test('K9 a call that comes too late, while no key can be read, ends in 504 and leaves no rejection unheard', async () => {
  await using upstream = await startScriptedUpstream();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await weir.secrets.gone();
  const unheard: unknown[] = [];
  const listen = (reason: unknown) => void unheard.push(reason);
  process.on('unhandledRejection', listen);
  onTestFinished(() => void process.off('unhandledRejection', listen));

  // A buffered route: API Gateway has given it up half a minute ago.
  const question = { text: 'My parcel is late.', labels: ['refund', 'delivery'] };
  const reply = await weir.post('classify', question, { requestTimeMs: weir.clock.nowMs() - 60_000 });
  expect([reply.status, reply.body['code'], upstream.requests.length]).toEqual([504, 'deadline_exceeded', 0]);
  // The read goes on after the reply; once an environment of its own has failed to read, so has this one.
  await weir.newEnvironment().post('summarize', body);
  expect(unheard).toEqual([]);
});

function staleAlarms(weir: Weir): number {
  return weir.lines.filter((line) => (JSON.parse(line) as { alarm?: string }).alarm === 'key-stale').length;
}
