import { expect, test } from 'vitest';
import { patientEnvironment } from '#test/support/patient-environment.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer, incomplete, refusal } from '#test/support/scripted-steps.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';
import { hear, hearText, SUMMARIZE } from './ways.ts';

const { body } = SUMMARIZE;
const STREAMED = { ...body, stream: true };
const CHUNKS = ['A weir 🏞️ ', 'is a "low" wall,\n', 'across a river.'];
const TEXT = CHUNKS.join('');

test('C9 a streamed answer is stored, and given again as a stream and as a plain reply', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.script(stream({ chunks: CHUNKS }));
  const first = await weir.stream('summarize', STREAMED);
  const made = await hear(first);
  expect([first.headers['x-weir-cache'], first.headers['age'], made.text]).toEqual([undefined, undefined, TEXT]);
  expect(made.receipt).toMatchObject({ output: { summary: TEXT }, finish: 'stop', cache: 'miss', basis: 'exact' });

  await weir.clock.advance(90_000);
  const again = await weir.stream('summarize', STREAMED);
  const kept = await hear(again);
  expect([again.status, again.headers['x-weir-cache'], again.headers['age']]).toEqual([200, 'hit', '90']);
  expect(kept.text).toBe(TEXT);
  expect(kept.receipt).toMatchObject({
    output: { summary: TEXT },
    finish: 'stop',
    cache: 'hit',
    ageSeconds: 90,
    costUsd: '0',
    model: made.receipt!['model'],
  });
  expect(kept.receipt!['callId']).toBe(again.headers['x-weir-call-id']);
  expect(kept.receipt!['callId']).not.toBe(made.receipt!['callId']);

  const plain = await weir.post('summarize', body);
  expect([plain.body, plain.headers['x-weir-cache'], plain.headers['age']]).toEqual([{ summary: TEXT }, 'hit', '90']);
  expect(upstream.requests).toHaveLength(1);
  const entries = await weir.ledger();
  expect(entries.map(({ cache, costPico }) => [cache, costPico])).toEqual([
    ['miss', upstream.bill.totalPico],
    ['hit', 0n],
    ['hit', 0n],
  ]);
  expect(entries.slice(1).map(({ savedPico }) => savedPico)).toEqual([
    upstream.bill.totalPico,
    upstream.bill.totalPico,
  ]);
});

test('C9 a plain answer is stored, and given again as a stream', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.script(answer({ text: TEXT }));
  expect((await weir.post('summarize', body)).headers['x-weir-cache']).toBe('miss');
  const again = await weir.stream('summarize', STREAMED);
  const kept = await hear(again);
  expect([again.headers['x-weir-cache'], again.headers['age'], kept.text, kept.isWhole]).toEqual([
    'hit',
    '0',
    TEXT,
    true,
  ]);
  expect(upstream.requests).toHaveLength(1);
});

test('C10 a stream heeds Cache-Control as a plain reply does', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const ask = (cacheControl: string) =>
    weir.stream('summarize', STREAMED, { headers: { 'cache-control': cacheControl } });
  const none = await ask('only-if-cached');
  expect([none.status, upstream.requests.length]).toEqual([504, 0]);
  expect((await hear(await ask('no-store'))).receipt?.['cache']).toBe('bypass');
  expect((await hear(await ask('max-age=60'))).receipt?.['cache']).toBe('miss');
  expect((await hear(await ask('only-if-cached'))).receipt?.['cache']).toBe('hit');
  expect((await hear(await ask('no-cache'))).receipt?.['cache']).toBe('bypass');
  expect(upstream.requests).toHaveLength(3);
});

test('C1 a streamed answer belongs to its caller', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  for (const caller of ['ada', 'bob', 'ada'])
    expect((await hear(await weir.stream('summarize', STREAMED, { caller }))).isWhole).toBe(true);
  const calls = (await weir.ledger()).map(({ caller, cache }) => `${caller} ${cache}`);
  expect(calls.toSorted()).toEqual(['ada hit', 'ada miss', 'bob miss']);
});

test.each([
  ['stopped by the caller', stream({ chunks: CHUNKS }), { stop_when: { max_characters: 5 } }, undefined],
  ['cut', stream({ chunks: CHUNKS, end: 'cut' }), {}, 'upstream_protocol'],
  ['refused', refusal('No.'), {}, 'output_refused'],
  ['truncated', incomplete({ reason: 'max_output_tokens', text: TEXT }), {}, 'output_invalid'],
  ['filtered', incomplete({ reason: 'content_filter', text: TEXT }), {}, 'output_refused'],
  ['a call of tools', stream({ toolCalls: [{ name: 'look', arguments: {} }] }), {}, 'output_invalid'],
  ['empty', stream({ chunks: ['  ', '\n'] }), {}, 'output_invalid'],
])('C3 a streamed answer that is %s is never stored', async (_, step, wish, code) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.script(step, answer({ text: 'Another.' }));
  const reply = await weir.stream('summarize', { ...STREAMED, ...wish });
  const raw = await reply.text();
  const heard = reply.status === 200 ? await hearText(raw) : { error: (JSON.parse(raw) as { code: string }).code };
  expect(heard.error).toBe(code);
  const next = await weir.post('summarize', body);
  expect([next.status, next.headers['x-weir-cache'], next.body]).toEqual([200, 'miss', { summary: 'Another.' }]);
});

// Who leads is the test's to say: a plain call and a stream ask the model in ways of their own.
test.each(['a stream', 'a plain call'])(
  'C6 of 20 that ask the same at once, led by %s, one asks the upstream, and all get the whole answer',
  async (leader) => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const environment = patientEnvironment(weir);
    const isStreamLed = leader === 'a stream';
    const thinking = new Gate();
    upstream.script(isStreamLed ? stream({ chunks: CHUNKS, thinking }) : answer({ text: TEXT, gate: thinking }));
    const asStream = () => environment.stream('summarize', STREAMED);
    const asPlain = () => environment.post('summarize', body);
    const first = isStreamLed ? asStream() : asPlain();
    await thinking.reached();
    const others = Array.from({ length: 19 }, (_, at) => (at % 4 === 3 ? asPlain() : asStream()));
    await environment.reads.answered(20);
    thinking.open();
    for (const reply of await Promise.all([first, ...others])) {
      if ('raw' in reply) expect(reply.body).toEqual({ summary: TEXT });
      else expect((await hear(reply)).text).toBe(TEXT);
    }
    expect(upstream.requests).toHaveLength(1);
    const entries = await weir.ledger();
    expect(entries.filter(({ cache }) => cache === 'miss')).toHaveLength(1);
    expect(entries.filter(({ cache, costPico }) => cache === 'hit' && costPico === 0n)).toHaveLength(19);
    expect(weir.clock.pending).toBe(0);
  },
);

test('C6 when the one who asked leaves in mid-stream, the others are answered all the same', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const held = new Gate();
  const chunks = (async function* () {
    yield 'A weir ';
    await held.pass();
  })();
  upstream.script(stream({ chunks }));
  upstream.otherwise(stream({ chunks: CHUNKS }));
  const environment = patientEnvironment(weir);
  const leader = await environment.stream('summarize', STREAMED);
  await leader.chunks.next();
  const others = Array.from({ length: 3 }, () => environment.stream('summarize', STREAMED));
  await environment.reads.answered(4);
  leader.leave();
  for (const reply of await Promise.all(others)) expect((await hear(reply)).text).toBe(TEXT);
  expect(await leader.settled).toBeUndefined();
  held.open();
  expect(upstream.requests.length).toBeLessThanOrEqual(4);
  const outcomes = (await weir.ledger()).map(({ outcome }) => outcome).toSorted();
  expect(outcomes).toEqual(['caller_gone', 'completed', 'completed', 'completed']);
});
