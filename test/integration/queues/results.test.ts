import { expect, test } from 'vitest';
import { deliver } from '#test/integration/idempotency/deliver.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

const LAST_RECEIVE = 3;
const messageOf = (at: number) => ({ id: `line-${at}`, input: { text: `Weir number ${at} holds the river.` } });

test('a result bears the sender’s id, the output and what it cost, and the ledger knows the queue as the caller', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.script(answer({ text: 'It holds.', usage: { inputTokens: 20, outputTokens: 10 } }));
  await weir.sqs('summarize', [messageOf(1)]);
  const [entry] = await weir.ledger();
  expect(await weir.queues.results('summarize')).toEqual([
    {
      id: 'line-1',
      endpoint: 'summarize',
      ok: true,
      output: { summary: 'It holds.' },
      callId: entry?.callId,
      cache: 'miss',
      costUsd: '0.000007',
    },
  ]);
  expect(entry).toMatchObject({ caller: 'queue:summarize', callerKind: 'queue', costPico: 7_000_000n });
  expect([...expectBalanced(await weir.budget('summarize')).holds]).toEqual([]);

  await weir.sqs('summarize', [{ ...messageOf(1), id: 'again' }]);
  expect(await weir.queues.results('summarize')).toMatchObject([{ id: 'again', ok: true, cache: 'hit', costUsd: '0' }]);
});

test('replyTo sends the result, or the failure, to another of the deployment’s result queues', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const replyTo = 'classify-results';
  await weir.sqs('summarize', [{ ...messageOf(1), replyTo }]);
  await weir.sqs('summarize', [{ id: 'bad', input: {}, replyTo }], { receives: LAST_RECEIVE });
  expect(await weir.queues.results('summarize')).toEqual([]);
  const results = await weir.queues.results('classify');
  expect(results).toMatchObject([
    { id: 'line-1', endpoint: 'summarize', ok: true },
    { id: 'bad', endpoint: 'summarize', ok: false },
  ]);
});

test.each(['https://queue.example/1/theirs', 'summarize', '', 'toString', '__proto__'])(
  'replyTo %j is no result queue: refused, with the allowed ones named, before any spend',
  async (replyTo) => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const message = { ...messageOf(1), replyTo };
    expect((await weir.sqs('summarize', [message])).failed).toEqual([0]);
    await weir.sqs('summarize', [message], { receives: LAST_RECEIVE });
    const names = weir.entries.flatMap(({ name, spec }) =>
      spec.kind === 'endpoint' && spec.hasQueue ? [`${name}-results`] : [],
    );
    const detail = `replyTo must be one of ${names.join(', ')}, but '${replyTo}' was provided`;
    expect(await weir.queues.deadLetters()).toMatchObject([{ reason: { code: 'invalid_request', detail } }]);
    // The sender is told where it can be.
    expect(await weir.queues.results('summarize')).toMatchObject([{ id: 'line-1', ok: false, detail }]);
    expect(upstream.requests).toHaveLength(0);
  },
);

test('a result over 1 MiB is told as too large, once, and the message does not come again to cost again', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const texts = Array.from({ length: 100 }, (_, at) => `text ${at}`);
  const outcome = await weir.sqs('embed', [{ id: 'large', input: { texts } }]);
  expect(outcome.failed).toEqual([]);
  expect(await weir.queues.results('embed')).toEqual([
    {
      id: 'large',
      endpoint: 'embed',
      ok: false,
      code: 'too_large',
      detail: expect.stringMatching(/^the result is \d{7,} bytes long, but a message holds at most 1048576$/),
    },
  ]);
  expect((await weir.ledger())[0]?.costPico).toBe(upstream.bill.totalPico);
});

test('a result that cannot be sent: the message comes again, and is paid for once', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  const nowhere = JSON.stringify({ 'summarize-results': 'http://127.0.0.1:9/nowhere' });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl, variables: { WEIR_RESULT_QUEUES: nowhere } });
  const delivery = { messageId: 'sqs-1', message: messageOf(1) };
  expect(await deliver(weir, 'summarize', delivery)).toEqual(['sqs-1']);
  expect(await deliver(weir, 'summarize', { ...delivery, receives: 2 })).toEqual(['sqs-1']);
  expect(upstream.requests).toHaveLength(1);
  expect((await weir.ledger()).map(({ costPico }) => costPico)).toEqual([upstream.bill.totalPico]);
});
