import { expect, test } from 'vitest';
import type { RedactPolicy } from '#platform/redact-policy.ts';
import { haiku, serving, type HaikuTerms } from '#test/support/haiku.ts';
import { answer, choose } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { storedTexts } from '#test/support/stored-texts.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

const ADA = 'ada@example.com';
const BOB = 'bob@example.org';
const POLICIES: readonly RedactPolicy[] = ['reversible', 'mask', 'block'];
const HOUR = { ttlSeconds: 3_600 };

/** What the model was sent, as one text. */
const seen = (upstream: ScriptedUpstream) => upstream.requests.map(({ body }) => JSON.stringify(body)).join('\n');

/** The model repeats what it was told. */
const echo = choose(({ body }) => answer({ text: `On ${(body.input as { content: string }[])[0]!.content}` }));

async function start(terms: HaikuTerms) {
  const upstream = await startScriptedUpstream({ prices: tieredPrices });
  upstream.otherwise(echo);
  const weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku(terms) });
  const post = (topic: string, options = {}) => environment.post('haiku', { topic }, options);
  return {
    upstream,
    weir,
    environment,
    post,
    [Symbol.asyncDispose]: async () => {
      await weir[Symbol.asyncDispose]();
      await upstream.stop();
    },
  };
}

async function expectNowhere(weir: Weir, ...values: readonly string[]): Promise<void> {
  const stored = (await storedTexts(weir)).join('\n');
  for (const value of values) {
    expect(stored).not.toContain(value);
    expect(weir.lines.join('\n')).not.toContain(value);
  }
}

test('off: the model sees the words as they are', async () => {
  await using here = await start({});
  const reply = await here.post(`a walk with ${ADA}`);
  expect([reply.body, seen(here.upstream)]).toEqual([{ haiku: `On a walk with ${ADA}` }, expect.stringContaining(ADA)]);
});

test('D11 reversible: the model sees placeholders, the caller has the originals back, and nothing is stored in clear', async () => {
  await using here = await start({ redact: 'reversible', deterministic: HOUR });
  const reply = await here.post(`${ADA} and ${BOB}, and ${ADA} again`);
  expect(reply.body).toEqual({ haiku: `On ${ADA} and ${BOB}, and ${ADA} again` });
  expect(seen(here.upstream)).toContain('[EMAIL_1] and [EMAIL_2], and [EMAIL_1] again');
  expect(seen(here.upstream)).not.toMatch(/ada@|bob@/);
  await expectNowhere(here.weir, ADA, BOB);
  const again = await here.post(`${ADA} and ${BOB}, and ${ADA} again`);
  expect([again.headers['x-weir-cache'], again.body]).toEqual(['hit', reply.body]);
});

test('D11 an answer that was cached for one is given to another with his own originals', async () => {
  await using here = await start({ redact: 'reversible', deterministic: { ...HOUR, shared: true } });
  await here.post(`a mail to ${ADA}`);
  const other = await here.post(`a mail to ${BOB}`, { caller: 'bob' });
  expect([other.headers['x-weir-cache'], other.body]).toEqual(['hit', { haiku: `On a mail to ${BOB}` }]);
});

test('D11 a placeholder that the caller wrote means nothing, and stays as it is', async () => {
  await using here = await start({ redact: 'reversible' });
  const topic = `[EMAIL_1] stands for ${ADA}`;
  const reply = await here.post(topic);
  expect(seen(here.upstream)).toContain('[EMAIL_1] stands for [EMAIL_2]');
  expect(reply.body).toEqual({ haiku: `On ${topic}` });
});

test('D11 streamed: the originals stand in their places, wherever the pieces are cut', async () => {
  await using here = await start({ redact: 'reversible', stream: { timeoutMs: 60_000 }, deterministic: HOUR });
  const topic = `${ADA}, ${BOB} & [x] [`;
  for (const cache of ['miss', 'hit']) {
    const reply = await here.environment.stream('haiku', { topic, stream: true });
    const events = await Array.fromAsync(reply.events);
    const text = events.flatMap(({ event, data }) =>
      event === 'text' ? (JSON.parse(data) as { text: string }).text : [],
    );
    expect([cache, text.join('')]).toEqual([cache, `On ${topic}`]);
    const done = JSON.parse(events.at(-1)!.data) as { output: unknown; cache: string };
    expect([done.output, done.cache]).toEqual([{ haiku: `On ${topic}` }, cache]);
  }
  await expectNowhere(here.weir, ADA, BOB);
});

test('mask: the caller has the kinds in the places of the values, for good', async () => {
  await using here = await start({ redact: 'mask', deterministic: HOUR });
  const reply = await here.post(`${ADA} and ${BOB}`);
  expect(reply.body).toEqual({ haiku: 'On [EMAIL] and [EMAIL]' });
  expect(seen(here.upstream)).not.toMatch(/ada@|bob@/);
  await expectNowhere(here.weir, ADA, BOB);
});

test('block: 422 that names kinds and places, never a value, and nothing is sent or spent', async () => {
  await using here = await start({ redact: 'block' });
  const reply = await here.post(`write to ${ADA} or ${BOB}`);
  expect([reply.status, reply.headers['x-should-retry']]).toEqual([422, 'false']);
  expect(reply.body).toMatchObject({
    code: 'input_blocked',
    found: [
      { place: 'topic', kind: 'EMAIL', start: 9, end: 24 },
      { place: 'topic', kind: 'EMAIL', start: 28, end: 43 },
    ],
  });
  expect(reply.raw).not.toMatch(/ada@|bob@/);
  expect([here.upstream.requests.length, await here.weir.ledger()]).toEqual([0, []]);
  expect((await here.post('a walk')).status).toBe(200);
});

test.each(POLICIES)('the caller’s own policy %s holds where it is stricter than the endpoint’s', async (redact) => {
  await using here = await start({});
  const reply = await here.post(`for ${ADA}`, { policy: { redact } });
  const masked = { reversible: `On for ${ADA}`, mask: 'On for [EMAIL]' }[redact as 'mask'];
  expect(reply.status).toBe(redact === 'block' ? 422 : 200);
  if (masked !== undefined) expect(reply.body).toEqual({ haiku: masked });
  expect(seen(here.upstream)).not.toContain(ADA);
});

test('the caller’s own policy does not loosen the endpoint’s', async () => {
  await using here = await start({ redact: 'mask' });
  const reply = await here.post(`for ${ADA}`, { policy: { redact: 'off' } });
  expect(reply.body).toEqual({ haiku: 'On for [EMAIL]' });
});

test('L7 D11 a kept reply can be read by a repeat of its request alone', async () => {
  await using here = await start({ redact: 'reversible' });
  const send = () => here.post(`for ${ADA}`, { headers: { 'Idempotency-Key': 'one' } });
  const [first, second] = [await send(), await send()];
  expect([second.headers['x-weir-replayed'], second.body]).toEqual(['true', first.body]);
  expect(first.body).toEqual({ haiku: `On for ${ADA}` });
  await expectNowhere(here.weir, ADA);
});

test('what the model writes by itself is masked where the endpoint says so: in the reply, in a stream and in the cache', async () => {
  await using here = await start({ redactOutput: true, stream: { timeoutMs: 60_000 }, deterministic: HOUR });
  here.upstream.otherwise(answer({ text: `Ask ${ADA} about it.` }));
  const streamed = await here.environment.stream('haiku', { topic: 'one', stream: true });
  const told = await streamed.text();
  expect(told).toContain('[EMAIL]');
  expect(told).not.toContain('ada@');
  expect((await here.post('two')).body).toEqual({ haiku: 'Ask [EMAIL] about it.' });
  await expectNowhere(here.weir, ADA);
});
