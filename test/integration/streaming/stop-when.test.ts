import { expect, test } from 'vitest';
import { heldIn } from '#budgets/part.ts';
import { newStopGate } from '#edge/stop-when/stop-when.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import { serving } from '#test/support/haiku.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';
import { lineEndpoint } from './line-endpoint.ts';
import { hear, SUMMARIZE } from './ways.ts';

const { body } = SUMMARIZE;

/** A condition, what the model writes, after which it writes nothing until it is left alone, and what the caller gets. */
const CONDITIONS: [object, readonly string[], string][] = [
  [{ max_characters: 8 }, ['🏞️ A ', 'wei', 'r holds'], '🏞️ A wei'],
  [{ max_sentences: 2 }, ['A weir', ' holds. It meas', 'ures! Then ', 'it rests. '], 'A weir holds. It measures!'],
  [{ literal: 'THE END' }, ['A weir. T', 'HE', ' END and more'], 'A weir. '],
  [{ json: true }, ['{"a": "}', '", "b": [1', ', 2]', '} and'], '{"a": "}", "b": [1, 2]}'],
  [{ max_sentences: 3, max_characters: 6 }, ['A weir holds. '], 'A weir'],
];

/** An upstream that writes pieces, and then waits until it is left. */
function scriptHeld(upstream: ScriptedUpstream, pieces: readonly string[]): Gate {
  const held = new Gate();
  const chunks = (async function* () {
    yield* pieces;
    await held.pass();
  })();
  upstream.script(stream({ chunks }));
  return held;
}

async function expectStopped(weir: Weir, upstream: ScriptedUpstream, endpoint = 'summarize'): Promise<void> {
  expect(await upstream.requests[0]!.ending).toBe('client left');
  const [entry, ...others] = await weir.ledger();
  expect(others).toEqual([]);
  expect(entry).toMatchObject({ outcome: 'completed', basis: 'estimated', attempts: [{ outcome: 'answered' }] });
  expect(entry!.costPico).toBeGreaterThan(0n);
  const counter = expectBalanced(await weir.budget(endpoint));
  expect([counter.spentPico, heldIn(counter)]).toEqual([entry!.costPico, 0n]);
  expect(weir.clock.pending).toBe(0);
}

test.each(CONDITIONS)('stop_when %o ends a stream exactly there, and the model’s work', async (wish, pieces, text) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const held = scriptHeld(upstream, pieces);
  const reply = await weir.stream('summarize', { ...body, stream: true, stop_when: wish });
  const heard = await hear(reply);
  expect([reply.status, heard.text, heard.error]).toEqual([200, text, undefined]);
  expect(heard.receipt).toMatchObject({ output: { summary: text.trim() }, finish: 'enough', basis: 'estimated' });
  expect(await reply.settled).toBeUndefined();
  await expectStopped(weir, upstream);
  held.open();
});

test.each(CONDITIONS)('stop_when %o ends a plain reply there too, and says so', async (wish, pieces, text) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const held = scriptHeld(upstream, pieces);
  const reply = await weir.post('summarize', { ...body, stop_when: wish });
  expect([reply.status, reply.body, reply.headers['x-weir-finish']]).toEqual([200, { summary: text.trim() }, 'enough']);
  expect(Number(reply.headers['x-weir-cost-usd'])).toBeGreaterThan(0);
  await expectStopped(weir, upstream);
  held.open();
});

test('a condition that is not met changes nothing: the whole answer, exact, and kept', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.script(stream({ chunks: ['A weir ', 'holds. T'] }));
  const wish = { stop_when: { max_sentences: 9, max_characters: 900, literal: 'THE END' } };
  const plain = await weir.post('summarize', { ...body, ...wish });
  expect([plain.body, plain.headers['x-weir-finish']]).toEqual([{ summary: 'A weir holds. T' }, undefined]);
  await weir.clock.advance(1);
  const heard = await hear(await weir.stream('summarize', { ...body, ...wish, stream: true }));
  expect([heard.text, heard.receipt?.['cache'], heard.receipt?.['finish']]).toEqual(['A weir holds. T', 'hit', 'stop']);
  expect((await weir.ledger())[0]).toMatchObject({ basis: 'exact', costPico: upstream.bill.totalPico });
});

test('an answer from the cache ends there too, for nothing', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.script(answer({ text: 'A weir holds. It measures.' }));
  await weir.post('summarize', body);
  const wish = { stop_when: { max_sentences: 1 } };
  const plain = await weir.post('summarize', { ...body, ...wish });
  expect([
    plain.body,
    plain.headers['x-weir-cache'],
    plain.headers['x-weir-finish'],
    plain.headers['x-weir-cost-usd'],
  ]).toEqual([{ summary: 'A weir holds.' }, 'hit', 'enough', '0']);
  const heard = await hear(await weir.stream('summarize', { ...body, ...wish, stream: true }));
  expect(heard.text).toBe('A weir holds.');
  expect(heard.receipt).toMatchObject({
    cache: 'hit',
    finish: 'enough',
    costUsd: '0',
    output: { summary: 'A weir holds.' },
  });
  // What is stored is whole.
  expect((await weir.post('summarize', body)).body).toEqual({ summary: 'A weir holds. It measures.' });
  expect(upstream.requests).toHaveLength(1);
});

test('a failed attempt before it leaves nothing behind in the condition', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  // Held back by the condition, so that nothing was heard of it yet.
  upstream.script(stream({ chunks: ['THE'], end: 'cut' }), stream({ chunks: [' END is near. ', 'THE END.'] }));
  const heard = await hear(
    await weir.stream('summarize', { ...body, stream: true, stop_when: { literal: 'THE END' } }),
  );
  expect([heard.text, heard.receipt?.['finish']]).toEqual([' END is near. ', 'enough']);
  const [entry] = await weir.ledger();
  expect(entry!.attempts.map(({ outcome, basis }) => `${outcome} ${basis}`)).toEqual([
    'protocol estimated',
    'answered estimated',
  ]);
});

test.each([
  ['of another type', 'soon', 'stop_when'],
  ['empty', {}, 'stop_when'],
  ['unknown', { max_words: 3 }, 'stop_when.max_words'],
  ['too small', { max_characters: 0 }, 'stop_when.max_characters'],
  ['no whole number', { max_sentences: 1.5 }, 'stop_when.max_sentences'],
  ['an empty literal', { literal: '' }, 'stop_when.literal'],
  ['half a character', { literal: '\ud83d' }, 'stop_when.literal'],
  ['json: false', { json: false }, 'stop_when.json'],
])('a stop_when that is %s is a 400 that names it, plain or streamed, and reaches nobody', async (_, wish, field) => {
  await using upstream = await startScriptedUpstream();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const plain = await weir.post('summarize', { ...body, stop_when: wish });
  const streamed = await weir.stream('summarize', { ...body, stop_when: wish, stream: true });
  for (const { status, problem } of [
    { status: plain.status, problem: plain.body },
    { status: streamed.status, problem: JSON.parse(await streamed.text()) as Record<string, unknown> },
  ]) {
    expect(status).toBe(400);
    expect(problem['code']).toBe('invalid_request');
    expect((problem['errors'] as { field: string }[])[0]!.field).toBe(field);
  }
  expect(upstream.requests).toHaveLength(0);
});

test('stream must be true or false', async () => {
  await using upstream = await startScriptedUpstream();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const reply = await weir.post('summarize', { ...body, stream: 'yes' });
  expect([reply.status, (reply.body['errors'] as { field: string }[])[0]!.field]).toEqual([400, 'stream']);
});

test.each([
  ['alone', {}, 'Rain on the weir'],
  ['before the caller’s', { stop_when: { max_characters: 900 } }, 'Rain on the weir'],
  ['behind the caller’s', { stop_when: { max_characters: 4 } }, 'Rain'],
])('an endpoint’s own condition, %s', async (_, wish, text) => {
  for (const isStream of [true, false]) {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const environment = serving(weir, { line: lineEndpoint({ stopWhen: () => newStopGate({ literal: '\n' }) }) });
    const held = scriptHeld(upstream, ['Rain on', ' the weir', '\nand']);
    if (isStream) {
      const heard = await hear(await environment.stream('line', { topic: 'rain', ...wish, stream: true }));
      expect(heard.text).toBe(text);
      expect(heard.receipt).toMatchObject({ output: { line: text }, finish: 'enough' });
    } else {
      const reply = await environment.post('line', { topic: 'rain', ...wish });
      expect([reply.body, reply.headers['x-weir-finish']]).toEqual([{ line: text }, 'enough']);
    }
    await expectStopped(weir, upstream, 'line');
    held.open();
  }
});

test('an answer that is ended before it fits the output is an error, and paid for', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const held = scriptHeld(upstream, ['END of it']);
  const reply = await weir.post('summarize', { ...body, stop_when: { literal: 'END' } });
  expect([reply.status, reply.body['code']]).toEqual([502, 'output_invalid']);
  expect((await weir.ledger())[0]).toMatchObject({ outcome: 'output_invalid', basis: 'estimated' });
  held.open();
});
