import { DeleteMessageBatchCommand, ReceiveMessageCommand, type SQSClient, type Message } from '@aws-sdk/client-sqs';
import { functionTimeoutSeconds } from '../function-timeout.ts';
import type { HostedFunction } from './lambda-host.ts';

const BATCH_SIZE = 10;
const LONG_POLL_SECONDS = 20;

/**
 * Lambda's event source mapping: receives from a function's queue, invokes it with an SQS event, and deletes the messages that it
 * did not report as failed. Runs until `signal` aborts.
 */
export async function pollQueue(
  client: SQSClient,
  url: string,
  hosted: HostedFunction,
  signal: AbortSignal,
): Promise<void> {
  const receive = new ReceiveMessageCommand({
    QueueUrl: url,
    MaxNumberOfMessages: BATCH_SIZE,
    WaitTimeSeconds: LONG_POLL_SECONDS,
    VisibilityTimeout: 6 * functionTimeoutSeconds(hosted.entry.spec),
    MessageSystemAttributeNames: ['All'],
  });
  while (!signal.aborted) {
    try {
      const { Messages: messages = [] } = await client.send(receive, { abortSignal: signal });
      if (messages.length > 0) await deliver(client, url, hosted, messages);
    } catch {
      // Gone or aborted: a poller does not end because a queue is away for a moment.
      if (!signal.aborted) await pause(signal);
    }
  }
}

async function deliver(
  client: SQSClient,
  url: string,
  hosted: HostedFunction,
  messages: readonly Message[],
): Promise<void> {
  const event = { Records: messages.map(toRecord) };
  const { batchItemFailures } = (await hosted.invoke(event)) as { batchItemFailures: { itemIdentifier: string }[] };
  const failed = new Set(batchItemFailures.map((failure) => failure.itemIdentifier));
  const done = messages.filter((message) => !failed.has(message.MessageId as string));
  if (done.length === 0) return;
  const entries = done.map((message, index) => ({ Id: String(index), ReceiptHandle: message.ReceiptHandle }));
  await client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries: entries }));
}

function toRecord(message: Message) {
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes ?? {},
    messageAttributes: {},
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    awsRegion: 'us-east-1',
  };
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 1000);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
