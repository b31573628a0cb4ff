import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Clock } from '#platform/clock.ts';
import { operation, type Operation } from '../json-protocol-server.ts';
import { assertBatch, eachOfBatch } from './batch.ts';
import { sqsErrors } from './errors.ts';
import { assertMessageText, assertWithin, SQS_LIMITS } from './limits.ts';
import { md5OfAttributes, md5OfBody, messageAttribute, messageBytes } from './message-md5.ts';
import { LOCAL_ACCOUNT_ID, type Delivery, type Message, type Queue } from './queue.ts';
import { numberOf } from './queue-attributes.ts';
import type { Queues } from './queues.ts';

const outgoing = z.object({
  MessageBody: z.string(),
  DelaySeconds: z.number().optional(),
  MessageAttributes: z.record(z.string(), messageAttribute).optional(),
});
const receipt = z.object({ ReceiptHandle: z.string() });
const visibility = receipt.extend({ VisibilityTimeout: z.number() });
const inQueue = { QueueUrl: z.string() };
const batchOf = <T extends z.ZodRawShape>(entry: z.ZodObject<T>) =>
  z.object({ ...inQueue, Entries: z.array(entry.extend({ Id: z.string() })) });

const receiveMessage = z.object({
  ...inQueue,
  MaxNumberOfMessages: z.number().optional(),
  VisibilityTimeout: z.number().optional(),
  WaitTimeSeconds: z.number().optional(),
  /** The older name of MessageSystemAttributeNames. */
  AttributeNames: z.array(z.string()).optional(),
  MessageSystemAttributeNames: z.array(z.string()).optional(),
  MessageAttributeNames: z.array(z.string()).optional(),
});
type Receive = z.infer<typeof receiveMessage>;

/** The calls that move messages. */
export function messageOperations(queues: Queues, clock: Clock): Record<string, Operation> {
  return {
    SendMessage: operation(outgoing.extend(inQueue), (input) => {
      const queue = queues.byUrl(input.QueueUrl);
      const entry = accept(queue, input, clock);
      queue.send([entry]);
      return sent(entry.message);
    }),

    SendMessageBatch: operation(batchOf(outgoing), ({ QueueUrl, Entries }) => {
      const queue = queues.byUrl(QueueUrl);
      assertBatch(Entries);
      const bytes = Entries.reduce((sum, e) => sum + messageBytes(e.MessageBody, e.MessageAttributes ?? {}), 0);
      if (bytes > SQS_LIMITS.maxMessageBytes) throw sqsErrors.batchTooLong(bytes, SQS_LIMITS.maxMessageBytes);
      const accepted: ReturnType<typeof accept>[] = [];
      const reply = eachOfBatch(Entries, (input) => {
        const entry = accept(queue, input, clock);
        accepted.push(entry);
        return sent(entry.message);
      });
      queue.send(accepted);
      return reply;
    }),

    ReceiveMessage: operation(receiveMessage, async (input, { signal }) => {
      const queue = queues.byUrl(input.QueueUrl);
      const received = await receiveWithin(queue, queues, input, clock, signal);
      return received.length > 0
        ? { Messages: received.map(({ message, delivery }) => shown(message, delivery, input)) }
        : {};
    }),

    DeleteMessage: operation(receipt.extend(inQueue), ({ QueueUrl, ReceiptHandle }) =>
      queues.byUrl(QueueUrl).delete(ReceiptHandle),
    ),

    DeleteMessageBatch: operation(batchOf(receipt), ({ QueueUrl, Entries }) => {
      const queue = queues.byUrl(QueueUrl);
      return eachOfBatch(Entries, ({ ReceiptHandle }) => queue.delete(ReceiptHandle));
    }),

    ChangeMessageVisibility: operation(visibility.extend(inQueue), (input) =>
      changeVisibility(queues.byUrl(input.QueueUrl), input),
    ),

    ChangeMessageVisibilityBatch: operation(batchOf(visibility), ({ QueueUrl, Entries }) => {
      const queue = queues.byUrl(QueueUrl);
      return eachOfBatch(Entries, (entry) => changeVisibility(queue, entry));
    }),
  };
}

function accept(queue: Queue, input: z.infer<typeof outgoing>, clock: Clock) {
  const { MessageBody, DelaySeconds, MessageAttributes = {} } = input;
  assertMessageText(MessageBody);
  assertWithin('DelaySeconds', DelaySeconds, 0, SQS_LIMITS.maxDelaySeconds);
  const maxBytes = numberOf(queue.settings.attributes, 'MaximumMessageSize');
  if (messageBytes(MessageBody, MessageAttributes) > maxBytes) {
    throw sqsErrors.invalidParameter(
      `One or more parameters are invalid. Reason: Message must be shorter than ${maxBytes} bytes.`,
    );
  }
  const message = { id: randomUUID(), body: MessageBody, attributes: MessageAttributes, sentAtMs: clock.nowMs() };
  return { message, delaySeconds: DelaySeconds };
}

function sent(message: Message) {
  return {
    MessageId: message.id,
    MD5OfMessageBody: md5OfBody(message.body),
    MD5OfMessageAttributes: md5OfAttributes(message.attributes),
  };
}

/** Long polling: tries, and tries again whenever a message may have become visible, until the wait is over. */
async function receiveWithin(queue: Queue, queues: Queues, input: Receive, clock: Clock, signal: AbortSignal) {
  const { MaxNumberOfMessages = 1, VisibilityTimeout, WaitTimeSeconds } = input;
  assertWithin('MaxNumberOfMessages', MaxNumberOfMessages, 1, SQS_LIMITS.maxBatchEntries);
  assertWithin('VisibilityTimeout', VisibilityTimeout, 0, SQS_LIMITS.maxVisibilitySeconds);
  assertWithin('WaitTimeSeconds', WaitTimeSeconds, 0, SQS_LIMITS.maxWaitSeconds);
  const waitSeconds = WaitTimeSeconds ?? numberOf(queue.settings.attributes, 'ReceiveMessageWaitTimeSeconds');
  const untilMs = clock.nowMs() + waitSeconds * 1000;
  while (!signal.aborted) {
    const hiddenSeconds = VisibilityTimeout ?? numberOf(queue.settings.attributes, 'VisibilityTimeout');
    const received = queue.receive(MaxNumberOfMessages, hiddenSeconds, (arn) => queues.byArn(arn));
    if (received.length > 0 || clock.nowMs() >= untilMs) return received;
    await queue.untilChange(untilMs, signal);
  }
  return [];
}

function shown(message: Message, delivery: Delivery, input: Receive) {
  const attributes = pick(message.attributes, input.MessageAttributeNames ?? []);
  const system = {
    SenderId: LOCAL_ACCOUNT_ID,
    SentTimestamp: String(message.sentAtMs),
    ApproximateReceiveCount: String(delivery.receiveCount),
    ApproximateFirstReceiveTimestamp: String(delivery.firstReceivedAtMs),
    ...(message.sourceArn && { DeadLetterQueueSourceArn: message.sourceArn }),
  };
  const wanted = pick(system, [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])]);
  return {
    MessageId: message.id,
    ReceiptHandle: delivery.receipt,
    Body: message.body,
    MD5OfBody: md5OfBody(message.body),
    ...(Object.keys(wanted).length > 0 && { Attributes: wanted }),
    ...(Object.keys(attributes).length > 0 && {
      MessageAttributes: attributes,
      MD5OfMessageAttributes: md5OfAttributes(attributes),
    }),
  };
}

/** SQS's ways to name attributes: each by itself, `All`, `.*`, or a prefix as `trace.*`. */
function pick<T>(from: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  const isWanted = (key: string) =>
    names.some((name) => name === 'All' || name === key || (name.endsWith('.*') && key.startsWith(name.slice(0, -2))));
  return Object.fromEntries(Object.entries(from).filter(([key]) => isWanted(key)));
}

function changeVisibility(queue: Queue, entry: z.infer<typeof visibility>): void {
  assertWithin('VisibilityTimeout', entry.VisibilityTimeout, 0, SQS_LIMITS.maxVisibilitySeconds);
  queue.changeVisibility(entry.ReceiptHandle, entry.VisibilityTimeout);
}
