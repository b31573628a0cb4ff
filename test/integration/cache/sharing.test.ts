import { expect, test } from 'vitest';
import { haiku, serving } from '#test/support/haiku.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

const TTL_SECONDS = 3_600;

test('C1 two callers with the same words make two upstream calls, and each has its own answer from then on', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.script(answer({ text: 'For Ada.' }), answer({ text: 'For Bob.' }));
  const body = { text: 'A weir is a low wall across a river.' };
  const ask = async (caller: string) => {
    const { headers, body: reply } = await weir.post('summarize', body, { caller });
    return [headers['x-weir-cache'], reply['summary']];
  };
  expect(await ask('ada')).toEqual(['miss', 'For Ada.']);
  expect(await ask('bob')).toEqual(['miss', 'For Bob.']);
  expect(await ask('ada')).toEqual(['hit', 'For Ada.']);
  expect(await ask('bob')).toEqual(['hit', 'For Bob.']);
  expect(upstream.requests).toHaveLength(2);
});

test("C1 the queue is a caller of its own: it does not see a caller's answers", async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const input = { text: 'A weir is a low wall across a river.' };
  await weir.post('summarize', input);
  await weir.sqs('summarize', [{ id: 'one', input }]);
  expect(upstream.requests).toHaveLength(2);
});

test('C1 embed shares its vectors, as its spec says', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const body = { texts: ['a low wall across a river'], dimensions: 16 };
  const first = await weir.post('embed', body, { caller: 'ada' });
  const second = await weir.post('embed', body, { caller: 'bob' });
  expect([first.headers['x-weir-cache'], second.headers['x-weir-cache']]).toEqual(['miss', 'hit']);
  expect(second.body).toEqual(first.body);
  expect(upstream.requests).toHaveLength(1);
});

test('C1 an answer is shared only by an endpoint that says so, and never between endpoints', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, {
    shared: haiku({ deterministic: { ttlSeconds: TTL_SECONDS, shared: true } }),
    another: haiku({ deterministic: { ttlSeconds: TTL_SECONDS, shared: true } }),
    own: haiku({ deterministic: { ttlSeconds: TTL_SECONDS } }),
  });
  const caches: string[] = [];
  for (const endpoint of ['shared', 'another', 'own']) {
    for (const caller of ['ada', 'bob']) {
      const { headers } = await environment.post(endpoint, { topic: 'rain' }, { caller });
      caches.push(`${endpoint} ${caller} ${headers['x-weir-cache']}`);
    }
  }
  expect(caches).toEqual([
    'shared ada miss',
    'shared bob hit',
    'another ada miss',
    'another bob hit',
    'own ada miss',
    'own bob miss',
  ]);
});

test('C2 another version of the endpoint asks anew; white space and the order of keys do not', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const terms = { deterministic: { ttlSeconds: TTL_SECONDS } };
  await serving(weir, { haiku: haiku(terms) }).post('haiku', { topic: 'rain' });
  const same = await serving(weir, { haiku: haiku(terms) }).post('haiku', { topic: 'rain' });
  const raised = await serving(weir, { haiku: haiku({ ...terms, version: 2 }) }).post('haiku', { topic: 'rain' });
  expect([same.headers['x-weir-cache'], raised.headers['x-weir-cache']]).toEqual(['hit', 'miss']);

  await weir.post('summarize', { text: 'A weir.', sentences: 2, style: 'bullets' });
  const rawBody = '{\n  "style" : "bullets",\t"text":"A weir.",\r\n "sentences": 2.0 }';
  const spaced = await weir.post('summarize', null, { rawBody });
  expect([spaced.status, spaced.headers['x-weir-cache']]).toEqual([200, 'hit']);
  // A default that is spelt out means the same.
  await weir.post('summarize', { text: 'A wall.' });
  const spelt = await weir.post('summarize', { text: 'A wall.', sentences: 3, style: 'plain' });
  expect(spelt.headers['x-weir-cache']).toBe('hit');
});
