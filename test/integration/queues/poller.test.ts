import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type Message,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { functionTimeoutSeconds } from '#infra/function-timeout.ts';
import { readInventory } from '#infra/inventory.ts';
import { createQueues, createSqsClient } from '#infra/local/endpoint-queues.ts';
import { hostFunction } from '#infra/local/lambda-host.ts';
import { startSqs } from '#infra/local/parts/sqs.ts';
import { pollQueue } from '#infra/local/queue-poller.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import { FakeClock } from '#test/support/fake-clock.ts';
import { serverError } from '#test/support/scripted-failures.ts';
import { answer, choose } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { readDeadLetter } from '#test/support/weir-queues.ts';
import { startWeir } from '#test/support/weir.ts';

type Document = Readonly<Record<string, unknown>>;

/** The summarize function behind its own queue in the emulator, polled as on the laptop, all of it by one clock. */
async function startPolled(upstream: ScriptedUpstream) {
  await using parts = new AsyncDisposableStack();
  const clock = new FakeClock();
  const sqs = await startSqs({ clock });
  parts.defer(() => sqs.stop());
  const client = createSqsClient(sqs.endpoint);
  parts.defer(() => client.destroy());
  const entry = (await readInventory()).find(({ name }) => name === 'summarize');
  if (!entry) throw new Error('there is no summarize');
  const timeoutSeconds = functionTimeoutSeconds(entry.spec);
  const queues = await createQueues(client, entry.name, timeoutSeconds);
  const weir = parts.use(
    await startWeir({
      baseUrl: upstream.baseUrl,
      clock,
      variables: {
        AWS_ENDPOINT_URL_SQS: sqs.endpoint,
        WEIR_QUEUE_URL: queues.url,
        WEIR_DEAD_LETTER_QUEUE_URL: queues.deadLetterUrl,
        WEIR_RESULT_QUEUES: JSON.stringify({ 'summarize-results': queues.resultsUrl }),
      },
    }),
  );
  const hosted = hostFunction(entry, entry.handler.bindTo({ name: entry.name, platform: weir.platform }), clock);
  const polling = new AbortController();
  const polled = pollQueue(client, queues.url, hosted, polling.signal);
  parts.defer(async () => {
    polling.abort();
    await polled;
  });
  const owned = parts.move();
  return { clock, client, queues, weir, timeoutSeconds, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const send = (client: SQSClient, url: string, document: object) =>
  client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: JSON.stringify(document) }));

/** Takes so many messages from a queue, waiting for them as a real receiver does. */
async function take(client: SQSClient, url: string, count: number, read = readBody): Promise<Document[]> {
  const taken: Document[] = [];
  while (taken.length < count) {
    const receive = new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: 20,
      MessageAttributeNames: ['All'],
    });
    const { Messages: messages = [] } = await client.send(receive);
    for (const message of messages) {
      taken.push(read(message));
      await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message.ReceiptHandle }));
    }
  }
  return taken;
}

const readBody = ({ Body: body = '' }: Message) => JSON.parse(body) as Document;

const messageOf = (at: number) => ({ id: `line-${at}`, input: { text: `Weir number ${at} holds the river.` } });

test('P1 through the emulator: nine results, and the poison is in the dead-letter queue with its reason within three receives', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using polled = await startPolled(upstream);
  const { client, queues, weir } = polled;
  for (let at = 0; at < 10; at++)
    await send(client, queues.url, at === 4 ? { id: 'line-4', input: {} } : messageOf(at));

  const results = await take(client, queues.resultsUrl, 10);
  expect(results.filter(({ ok }) => ok === true)).toHaveLength(9);
  const detail = expect.stringMatching(/^text is required/);
  expect(results.filter(({ ok }) => ok === false)).toEqual([
    { id: 'line-4', endpoint: 'summarize', ok: false, code: 'invalid_request', detail },
  ]);
  expect(await take(client, queues.deadLetterUrl, 1, readDeadLetter)).toMatchObject([
    { reason: { code: 'invalid_request', detail } },
  ]);
  expect(weir.logged('a message failed').map(({ receives }) => receives)).toEqual([1, 2, 3]);
  // What was done was deleted, and is never asked for again.
  expect(upstream.requests).toHaveLength(9);
  expect(new Set(results.map(({ id }) => id)).size).toBe(10);
  const counter = expectBalanced(await weir.budget('summarize'));
  expect([counter.spentPico, [...counter.holds]]).toEqual([upstream.bill.totalPico, []]);
});

test('P2 through the emulator: a message that fails comes again when its visibility ends, and is then done once', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using polled = await startPolled(upstream);
  const { client, queues, weir, clock, timeoutSeconds } = polled;
  const failed = Promise.withResolvers<void>();
  let isDown = true;
  upstream.otherwise(choose(() => (isDown ? serverError() : answer())));
  for (let at = 0; at < 3; at++) await send(client, queues.url, messageOf(at));
  // Each message was tried at least once: then the poller waits for one to become visible.
  const watch = setInterval(() => weir.logged('a message failed').length === 3 && failed.resolve(), 5);
  await failed.promise.finally(() => clearInterval(watch));
  isDown = false;
  await clock.timersSet(1);
  await clock.advance(6 * timeoutSeconds * 1000);

  const results = await take(client, queues.resultsUrl, 3);
  expect(results.map(({ id, ok }) => `${String(id)} ${String(ok)}`).sort()).toEqual([
    'line-0 true',
    'line-1 true',
    'line-2 true',
  ]);
  expect((await weir.ledger()).filter(({ outcome }) => outcome === 'completed')).toHaveLength(3);
  const counter = expectBalanced(await weir.budget('summarize'));
  expect([counter.spentPico, [...counter.holds]]).toEqual([upstream.bill.totalPico, []]);
});

test('an endpoint whose timeout was changed keeps its queue, with the new visibility', async () => {
  await using parts = new AsyncDisposableStack();
  const sqs = await startSqs();
  parts.defer(() => sqs.stop());
  const client = createSqsClient(sqs.endpoint);
  parts.defer(() => client.destroy());
  const before = await createQueues(client, 'summarize', 10);
  expect(await createQueues(client, 'summarize', 12)).toEqual(before);
  const ask = new GetQueueAttributesCommand({ QueueUrl: before.url, AttributeNames: ['VisibilityTimeout'] });
  expect((await client.send(ask)).Attributes).toEqual({ VisibilityTimeout: '72' });
});
