import { expect, test } from 'vitest';
import { expectBalanced } from '#test/support/counter-balance.ts';
import { badRequest, serverError } from '#test/support/scripted-failures.ts';
import { answer, choose, hang } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { testKey } from '#test/support/test-key.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

const LAST_RECEIVE = 3;
const messageOf = (at: number) => ({ id: `line-${at}`, input: { text: `Weir number ${at} holds the river.` } });
const messages = (count: number) => Array.from({ length: count }, (_, at) => messageOf(at));
const ids = (results: readonly Readonly<Record<string, unknown>>[]) => results.map(({ id }) => String(id)).sort();

test('P1 of ten messages one is poison: only its id is returned, and the nine have their results', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const batch: object[] = messages(10);
  batch[6] = { id: 'line-6', input: { text: '' } };
  const outcome = await weir.sqs('summarize', batch);
  expect(outcome.failed).toEqual([6]);
  expect(outcome.raw.batchItemFailures).toHaveLength(1);
  expect(ids(await weir.queues.results('summarize'))).toEqual(ids(messages(10).filter((_, at) => at !== 6)));
  expect(await weir.queues.deadLetters()).toEqual([]);
  expect(upstream.requests).toHaveLength(9);
});

test('P1 at its last receive a poison message goes to the dead-letter queue with the reason, and its sender is told', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const poison = { id: 'bad line', input: { text: 'A weir.', sentences: 40 } };
  for (let receives = 1; receives < LAST_RECEIVE; receives++) {
    expect((await weir.sqs('summarize', [poison], { receives })).failed).toEqual([0]);
  }
  expect([await weir.queues.deadLetters(), await weir.queues.results('summarize')]).toEqual([[], []]);

  // The last time: it is done with, so that it does not come again.
  expect((await weir.sqs('summarize', [poison], { receives: LAST_RECEIVE })).failed).toEqual([]);
  const detail = 'sentences must be at most 10, but 40 was provided';
  expect(await weir.queues.deadLetters()).toEqual([
    { messageId: expect.any(String), reason: { code: 'invalid_request', detail }, body: JSON.stringify(poison) },
  ]);
  expect(await weir.queues.results('summarize')).toEqual([
    { id: 'bad line', endpoint: 'summarize', ok: false, code: 'invalid_request', detail },
  ]);
  expect(upstream.requests).toHaveLength(0);
});

test('P1 the number of receives is what the deployment says', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl, variables: { WEIR_MAX_RECEIVES: '5' } });
  expect((await weir.sqs('summarize', ['not JSON'], { receives: 4 })).failed).toEqual([0]);
  expect((await weir.sqs('summarize', ['not JSON'], { receives: 5 })).failed).toEqual([]);
});

test('P1 a message that the upstream refuses is poison too, and what it cost is recorded each time', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.otherwise(choose(({ rawBody }) => (rawBody.includes('number 2') ? badRequest() : answer())));
  expect((await weir.sqs('summarize', messages(4))).failed).toEqual([2]);
  expect((await weir.sqs('summarize', [messageOf(2)], { receives: LAST_RECEIVE })).failed).toEqual([]);
  expect(await weir.queues.deadLetters()).toMatchObject([{ reason: { code: 'upstream_rejected' } }]);
  const outcomes = (await weir.ledger()).map(({ outcome }) => outcome).sort();
  expect(outcomes).toEqual(['completed', 'completed', 'completed', 'upstream_rejected', 'upstream_rejected']);
});

test('P2 all fail: every id is returned', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.otherwise(serverError());
  const outcome = await weir.sqs('summarize', messages(10));
  expect(outcome.failed).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const returned = outcome.raw.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  expect(new Set(returned).size).toBe(10);
  // An empty or unknown id would fail the whole batch.
  for (const id of returned) expect(id).toMatch(/^[0-9a-f-]{36}$/);
  expect(await weir.queues.results('summarize')).toEqual([]);
});

test('all are done: nothing is returned', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  expect((await weir.sqs('summarize', messages(3))).raw).toEqual({ batchItemFailures: [] });
});

test.each([
  ['text that is no JSON', 'not JSON', 'malformed_body'],
  ['a list', [], 'invalid_request'],
  ['null', 'null', 'invalid_request'],
  ['no id', { input: messageOf(1).input }, 'invalid_request'],
  ['an id that is a number', { ...messageOf(1), id: 7 }, 'invalid_request'],
  ['an endless id', { ...messageOf(1), id: 'x'.repeat(201) }, 'invalid_request'],
  ['no input', { id: 'one' }, 'invalid_request'],
  ['an unknown field', { ...messageOf(1), priority: 'high' }, 'invalid_request'],
  ['a field that reaches into prototypes', '{"id":"one","input":{"text":"A weir.","__proto__":{}}}', 'invalid_request'],
])('a message of %s is returned, and buried at its last receive without any spend', async (_, message, code) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  expect((await weir.sqs('summarize', [message])).failed).toEqual([0]);
  expect((await weir.sqs('summarize', [message], { receives: LAST_RECEIVE })).failed).toEqual([]);
  expect(await weir.queues.deadLetters()).toMatchObject([{ reason: { code } }]);
  expect(upstream.requests).toHaveLength(0);
  expect(await weir.ledger()).toEqual([]);
});

test('D1 the reason in the dead-letter queue holds no secret, even where a field is named like one', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const secret = testKey('leaked');
  const message = { ...messageOf(1), [secret]: true, replyTo: secret };
  await weir.sqs('summarize', [message], { receives: LAST_RECEIVE });
  const [letter] = await weir.queues.deadLetters();
  expect(JSON.stringify(letter?.['reason'])).not.toContain(secret.slice(0, secret.length / 2));
  expect(JSON.stringify(await weir.queues.results('summarize'))).not.toContain(secret.slice(0, secret.length / 2));
  expect(weir.lines.join('\n')).not.toContain(secret.slice(0, secret.length / 2));
});

test('P4 with less time left than a call needs no message is begun: all ids are returned, nothing is spent', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  // Not even at its last receive is it buried for that: time is no reason.
  const outcome = await weir.sqs('summarize', messages(10), { remainingMs: 2_999, receives: LAST_RECEIVE });
  expect(outcome.failed).toHaveLength(10);
  expect(upstream.requests).toHaveLength(0);
  expect([await weir.ledger(), await weir.queues.deadLetters(), await weir.queues.results('summarize')]).toEqual([
    [],
    [],
    [],
  ]);
});

test('P4 time runs out in the middle: what is done has its result, the others are returned and settled, none is half done', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const isSlow = (rawBody: string) => /number [3-9]/.test(rawBody);
  upstream.otherwise(choose(({ rawBody }) => (isSlow(rawBody) ? hang({ billed: true }) : answer())));
  const handling = weir.sqs('summarize', messages(10), { remainingMs: 20_000 });
  await upstream.received(10);
  await weir.clock.advance(18_500);
  expect((await handling).failed).toEqual([3, 4, 5, 6, 7, 8, 9]);
  expect(ids(await weir.queues.results('summarize'))).toEqual(['line-0', 'line-1', 'line-2']);
  const entries = await weir.ledger();
  expect(entries.filter(({ outcome }) => outcome === 'completed')).toHaveLength(3);
  expect(entries.filter(({ outcome, basis }) => outcome === 'deadline_exceeded' && basis === 'unknown')).toHaveLength(
    7,
  );
  const counter = expectBalanced(await weir.budget('summarize'));
  expect([...counter.holds]).toEqual([]);
  expect(counter.spentPico).toBe(entries.reduce((sum, { costPico }) => sum + costPico, 0n));
});

test('P1 a dead-letter queue that takes nothing: the id is returned, and native redrive is the backstop', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  const variables = { WEIR_DEAD_LETTER_QUEUE_URL: 'http://127.0.0.1:9/nowhere' };
  await using weir = await startWeir({ baseUrl: upstream.baseUrl, variables });
  expect((await weir.sqs('summarize', ['not JSON'], { receives: LAST_RECEIVE })).failed).toEqual([0]);
  expect(weir.logged('a message could not be sent to the dead-letter queue')).toHaveLength(1);
});

test('P1 a buried message whose sender cannot be told is buried once: it is not returned to be buried again', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  const nowhere = JSON.stringify({ 'summarize-results': 'http://127.0.0.1:9/nowhere' });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl, variables: { WEIR_RESULT_QUEUES: nowhere } });
  expect((await weir.sqs('summarize', [{ id: 'bad', input: {} }], { receives: LAST_RECEIVE })).failed).toEqual([]);
  expect(await weir.queues.deadLetters()).toHaveLength(1);
});
