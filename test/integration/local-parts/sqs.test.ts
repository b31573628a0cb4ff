import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  type Message,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { startSqs, type SqsOptions } from '#infra/local/parts/sqs.ts';
import { FakeClock, until } from './fake-clock.ts';
import { sqsClient, temporaryFolder } from './local-clients.ts';

async function startedSqs(options: SqsOptions = {}) {
  const server = await startSqs(options);
  onTestFinished(() => server.stop());
  return { server, client: sqsClient(server.endpoint) };
}

async function queue(client: SQSClient, name = 'work', attributes: Record<string, string> = {}): Promise<string> {
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
  return QueueUrl!;
}

async function receive(client: SQSClient, queueUrl: string, more: Partial<ReceiveMessageCommand['input']> = {}) {
  const reply = await client.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ['All'],
      ...more,
    }),
  );
  return reply.Messages ?? [];
}

const bodies = (messages: Message[]) => messages.map((message) => message.Body);
const send = (client: SQSClient, queueUrl: string, body: string) =>
  client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }));

test('a message goes through the real client: sent, received once, deleted', async () => {
  const { client } = await startedSqs();
  const url = await queue(client);
  const sent = await client.send(
    new SendMessageCommand({
      QueueUrl: url,
      MessageBody: 'Grüße 👋',
      MessageAttributes: {
        kind: { DataType: 'String', StringValue: 'greeting' },
        raw: { DataType: 'Binary', BinaryValue: Buffer.from([0, 255]) },
      },
    }),
  );
  expect(sent.MD5OfMessageAttributes).toMatch(/^[0-9a-f]{32}$/);

  const [message] = await receive(client, url, { MessageAttributeNames: ['.*'] });
  expect(message).toMatchObject({ MessageId: sent.MessageId, Body: 'Grüße 👋' });
  expect(message?.Attributes).toMatchObject({ ApproximateReceiveCount: '1' });
  expect(message?.MessageAttributes?.['kind']?.StringValue).toBe('greeting');
  expect([...message!.MessageAttributes!['raw']!.BinaryValue!]).toEqual([0, 255]);
  expect(message?.MD5OfMessageAttributes).toBe(sent.MD5OfMessageAttributes);

  await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message!.ReceiptHandle! }));
  const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }));
  expect(Attributes).toMatchObject({ ApproximateNumberOfMessages: '0', ApproximateNumberOfMessagesNotVisible: '0' });
});

test('the MD5 of message attributes goes over them in the order of their names', async () => {
  const { client } = await startedSqs();
  const sent = await client.send(
    new SendMessageCommand({
      QueueUrl: await queue(client),
      MessageBody: 'x',
      MessageAttributes: {
        b: { DataType: 'Number', StringValue: '42' },
        a: { DataType: 'Binary', BinaryValue: Buffer.from('foo') },
      },
    }),
  );
  // By hand from AWS's description: 4-byte lengths, name, type, 1 or 2 for text or bytes, value.
  const bytes = '\0\0\0\x01a\0\0\0\x06Binary\x02\0\0\0\x03foo\0\0\0\x01b\0\0\0\x06Number\x01\0\0\0\x0242';
  expect(sent.MD5OfMessageAttributes).toBe(createHash('md5').update(bytes, 'latin1').digest('hex'));
});

test('a message that was not deleted is visible again when its timeout has passed, and not a moment earlier', async () => {
  const clock = new FakeClock();
  const { client } = await startedSqs({ clock });
  const url = await queue(client, 'work', { VisibilityTimeout: '30' });
  await send(client, url, 'again');
  expect(bodies(await receive(client, url))).toEqual(['again']);
  clock.advance(29_999);
  expect(await receive(client, url)).toEqual([]);
  clock.advance(1);
  const [second] = await receive(client, url);
  expect(second?.Attributes?.['ApproximateReceiveCount']).toBe('2');
});

test('two consumers never hold the same message at once, and together they get every message', async () => {
  const { client, server } = await startedSqs();
  const url = await queue(client);
  const total = 200;
  for (let from = 0; from < total; from += 10) {
    const Entries = Array.from({ length: 10 }, (_, i) => ({ Id: `m${i}`, MessageBody: String(from + i) }));
    await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
  }
  const seen: string[] = [];
  const consume = async (consumer: SQSClient) => {
    for (;;) {
      const messages = await receive(consumer, url, { MaxNumberOfMessages: 7 });
      if (messages.length === 0) return;
      seen.push(...messages.map((message) => message.Body!));
    }
  };
  const consumers = Array.from({ length: 8 }, () => sqsClient(server.endpoint));
  await Promise.all(consumers.map(consume));
  expect(seen).toHaveLength(total);
  expect(new Set(seen).size).toBe(total);
});

test('a long poll gets the message that is sent while it waits', async () => {
  const clock = new FakeClock();
  const { client } = await startedSqs({ clock });
  const url = await queue(client);
  const waiting = receive(client, url, { WaitTimeSeconds: 20 });
  await until(() => clock.pending === 1);
  await send(client, url, 'at last');
  expect(bodies(await waiting)).toEqual(['at last']);
  expect(clock.pending).toBe(0);
});

test('a long poll gets the message whose visibility ends while it waits, and else ends empty', async () => {
  const clock = new FakeClock();
  const { client } = await startedSqs({ clock });
  const url = await queue(client, 'work', { VisibilityTimeout: '5', ReceiveMessageWaitTimeSeconds: '20' });
  await send(client, url, 'back');
  await receive(client, url);
  const waiting = receive(client, url);
  await until(() => clock.pending === 1);
  clock.advance(5000);
  expect(bodies(await waiting)).toEqual(['back']);

  const inVain = receive(client, url, { WaitTimeSeconds: 3 });
  await until(() => clock.pending === 1);
  clock.advance(3000);
  expect(await inVain).toEqual([]);
});

test('a consumer that leaves during a long poll takes no message with it', async () => {
  const clock = new FakeClock();
  const { client } = await startedSqs({ clock });
  const url = await queue(client);
  const leaving = new AbortController();
  const abandoned = client.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 20 }), {
    abortSignal: leaving.signal,
  });
  await until(() => clock.pending === 1);
  leaving.abort();
  await expect(abandoned).rejects.toThrow();
  await until(() => clock.pending === 0);
  await send(client, url, 'still here');
  expect(bodies(await receive(client, url))).toEqual(['still here']);
});

test('P1 after its last receive a message is in the dead letter queue, with the queue it came from', async () => {
  const clock = new FakeClock();
  const { client } = await startedSqs({ clock });
  const deadUrl = await queue(client, 'dead');
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: deadUrl, AttributeNames: ['QueueArn'] }),
  );
  const deadLetterTargetArn = Attributes!['QueueArn']!;
  const url = await queue(client, 'work', {
    VisibilityTimeout: '10',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 2 }),
  });
  const { MessageId } = await send(client, url, 'poison');
  for (const count of ['1', '2']) {
    const [message] = await receive(client, url);
    expect(message?.Attributes?.['ApproximateReceiveCount']).toBe(count);
    clock.advance(10_000);
  }
  expect(await receive(client, url)).toEqual([]);
  const [dead] = await receive(client, deadUrl);
  expect(dead).toMatchObject({ MessageId, Body: 'poison' });
  expect(dead?.Attributes?.['DeadLetterQueueSourceArn']).toMatch(/:work$/);
});

test('P7 visibility can be extended and given back, but not beyond 12 hours from the receive', async () => {
  const clock = new FakeClock();
  const { client } = await startedSqs({ clock });
  const url = await queue(client, 'work', { VisibilityTimeout: '10' });
  await send(client, url, 'slow');
  const [message] = await receive(client, url);
  const change = (VisibilityTimeout: number) =>
    client.send(
      new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle: message!.ReceiptHandle!, VisibilityTimeout }),
    );
  await change(3600);
  clock.advance(3_599_000);
  expect(await receive(client, url)).toEqual([]);
  await expect(change(43_200)).rejects.toThrow(/Total VisibilityTimeout/);
  await expect(change(43_201)).rejects.toThrow(/between 0 and 43200/);
  await change(0);
  await expect(change(60)).rejects.toMatchObject({ name: 'MessageNotInflight' });
  expect(bodies(await receive(client, url))).toEqual(['slow']);
  await expect(change(60)).rejects.toThrow(/does not exist or is not available/);
});

test('a receipt of an earlier receive deletes nothing', async () => {
  const clock = new FakeClock();
  const { client } = await startedSqs({ clock });
  const url = await queue(client, 'work', { VisibilityTimeout: '1' });
  await send(client, url, 'kept');
  const [first] = await receive(client, url);
  clock.advance(1000);
  await receive(client, url);
  await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: first!.ReceiptHandle! }));
  clock.advance(1000);
  expect(bodies(await receive(client, url))).toEqual(['kept']);
});

test('P1 in a batch the bad entries fail by themselves', async () => {
  const clock = new FakeClock();
  const { client } = await startedSqs({ clock });
  const url = await queue(client);
  const sent = await client.send(
    new SendMessageBatchCommand({
      QueueUrl: url,
      Entries: [
        { Id: 'good', MessageBody: 'fine' },
        { Id: 'late', MessageBody: 'later', DelaySeconds: 60 },
        { Id: 'bad', MessageBody: 'bell \u0007' },
      ],
    }),
  );
  expect(sent.Successful?.map(({ Id }) => Id)).toEqual(['good', 'late']);
  expect(sent.Failed).toMatchObject([{ Id: 'bad', SenderFault: true, Code: 'InvalidMessageContents' }]);

  const received = await receive(client, url);
  expect(bodies(received)).toEqual(['fine']);
  const ReceiptHandle = received[0]!.ReceiptHandle!;
  const visibility = await client.send(
    new ChangeMessageVisibilityBatchCommand({
      QueueUrl: url,
      Entries: [
        { Id: 'a', ReceiptHandle, VisibilityTimeout: 100 },
        { Id: 'b', ReceiptHandle: 'garbage', VisibilityTimeout: 100 },
      ],
    }),
  );
  expect(visibility.Failed).toMatchObject([{ Id: 'b', Code: 'ReceiptHandleIsInvalid' }]);
  const deleted = await client.send(
    new DeleteMessageBatchCommand({ QueueUrl: url, Entries: [{ Id: 'a', ReceiptHandle }] }),
  );
  expect(deleted.Successful).toEqual([{ Id: 'a' }]);
  clock.advance(60_000);
  expect(bodies(await receive(client, url))).toEqual(['later']);
});

test('limits are AWS’s: 1 MiB a message and a batch, ten entries, ids distinct', async () => {
  const { client } = await startedSqs();
  const url = await queue(client);
  const mebibyte = 'x'.repeat(1_048_576);
  await expect(send(client, url, mebibyte)).resolves.toBeDefined();
  await expect(send(client, url, `${mebibyte}x`)).rejects.toThrow(/shorter than 1048576 bytes/);
  const batch = (ids: string[], MessageBody = 'x') =>
    client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: ids.map((Id) => ({ Id, MessageBody })) }));
  await expect(batch(['a', 'b'], 'x'.repeat(524_289))).rejects.toMatchObject({ name: 'BatchRequestTooLong' });
  await expect(batch('a b c d e f g h i j k'.split(' '))).rejects.toMatchObject({
    name: 'TooManyEntriesInBatchRequest',
  });
  await expect(batch(['a', 'a'])).rejects.toMatchObject({ name: 'BatchEntryIdsNotDistinct' });
  await expect(batch([])).rejects.toMatchObject({ name: 'EmptyBatchRequest' });
  await expect(batch(['a b'])).rejects.toMatchObject({ name: 'InvalidBatchEntryId' });
  await expect(receive(client, url, { MaxNumberOfMessages: 11 })).rejects.toThrow(/between 1 and 10/);
  await expect(receive(client, url, { WaitTimeSeconds: 21 })).rejects.toThrow(/between 0 and 20/);
});

test('errors are the SDK’s own classes, with the code of the Query protocol', async () => {
  const { client, server } = await startedSqs();
  const missing = client.send(new GetQueueUrlCommand({ QueueName: 'missing' }));
  await expect(missing).rejects.toMatchObject({
    name: 'QueueDoesNotExist',
    Code: 'AWS.SimpleQueueService.NonExistentQueue',
    $metadata: { httpStatusCode: 400 },
  });
  await queue(client, 'work', { VisibilityTimeout: '5' });
  await expect(queue(client, 'work', { VisibilityTimeout: '5' })).resolves.toMatch(/\/work$/);
  await expect(queue(client, 'work', { VisibilityTimeout: '6' })).rejects.toMatchObject({ name: 'QueueNameExists' });
  await expect(queue(client, 'other', { Nonsense: '1' })).rejects.toMatchObject({ name: 'InvalidAttributeName' });
  await expect(queue(client, 'other', { DelaySeconds: '901' })).rejects.toMatchObject({
    name: 'InvalidAttributeValue',
  });
  await expect(queue(client, 'a b')).rejects.toThrow(/alphanumeric/);
  const policy = JSON.stringify({ deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:none', maxReceiveCount: 1 });
  await expect(queue(client, 'other', { RedrivePolicy: policy })).rejects.toThrow(/target does not exist/);

  const unknown = await fetch(server.endpoint, { method: 'POST', headers: { 'x-amz-target': 'AmazonSQS.Nonsense' } });
  expect([unknown.status, unknown.headers.get('x-weir-emulator')]).toEqual([400, 'sqs']);
  expect(await unknown.json()).toMatchObject({ __type: 'com.amazon.coral.service#UnknownOperationException' });
});

test('queues are listed by prefix and page, purged, and reconfigured', async () => {
  const { client } = await startedSqs();
  for (const name of ['b-2', 'a-1', 'b-1', 'b-3']) await queue(client, name);
  const page = await client.send(new ListQueuesCommand({ QueueNamePrefix: 'b-', MaxResults: 2 }));
  expect(page.QueueUrls?.map((url) => url.split('/').at(-1))).toEqual(['b-1', 'b-2']);
  const rest = await client.send(
    new ListQueuesCommand({ QueueNamePrefix: 'b-', MaxResults: 2, NextToken: page.NextToken! }),
  );
  expect(rest.QueueUrls?.map((url) => url.split('/').at(-1))).toEqual(['b-3']);
  expect(rest.NextToken).toBeUndefined();

  const QueueUrl = page.QueueUrls![0]!;
  await client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { MaximumMessageSize: '1024' } }));
  await expect(send(client, QueueUrl, 'x'.repeat(1025))).rejects.toThrow(/1024 bytes/);
  await send(client, QueueUrl, 'gone');
  await client.send(new PurgeQueueCommand({ QueueUrl }));
  expect(await receive(client, QueueUrl)).toEqual([]);
});

test('a restart on another port keeps queues, messages, receive counts and order', async () => {
  const dataDir = temporaryFolder();
  const clock = new FakeClock();
  const first = await startSqs({ dataDir, clock });
  const url = await queue(sqsClient(first.endpoint), 'work', { VisibilityTimeout: '30' });
  for (const body of ['one', 'two', 'three']) await send(sqsClient(first.endpoint), url, body);
  const [inFlight] = await receive(sqsClient(first.endpoint), url, { MaxNumberOfMessages: 1 });
  await first.stop();

  const { client } = await startedSqs({ dataDir, clock });
  const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: 'work' }));
  expect(bodies(await receive(client, QueueUrl!))).toEqual(['two', 'three']);
  await client.send(new DeleteMessageCommand({ QueueUrl: QueueUrl!, ReceiptHandle: inFlight!.ReceiptHandle! }));
  clock.advance(30_000);
  expect(bodies(await receive(client, QueueUrl!))).toEqual(['two', 'three']);
});

test('messages older than the queue keeps them are gone', async () => {
  const clock = new FakeClock();
  const { client } = await startedSqs({ clock });
  const url = await queue(client, 'work', { MessageRetentionPeriod: '60' });
  await send(client, url, 'old');
  clock.advance(60_001);
  expect(await receive(client, url)).toEqual([]);
});

test('a page whose own name resolves to this machine is refused', async () => {
  const { server } = await startedSqs();
  const status = await new Promise((resolve, reject) => {
    const call = request(server.endpoint, {
      method: 'POST',
      headers: { host: 'attacker.example', 'x-amz-target': 'AmazonSQS.ListQueues' },
    });
    call.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
    call.end('{}');
  });
  expect(status).toBe(400);
});
