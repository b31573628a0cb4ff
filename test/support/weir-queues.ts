import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';
import { slugOf, type Entry } from '#infra/inventory.ts';
import { startSqs } from '#infra/local/parts/sqs.ts';

/** The queues that functions write to: one of results for each endpoint that has queues, and one of dead letters for all. */
export interface WeirQueues extends AsyncDisposable {
  readonly endpoint: string;
  /** What the functions' environment says of the queues. */
  readonly variables: Readonly<Record<string, string>>;
  /** Takes what stands on an endpoint's result queue, parsed. */
  results(entryName: string): Promise<Readonly<Record<string, unknown>>[]>;
  /** Takes what stands on the dead-letter queue: `{messageId, reason, body}`, the body as it was sent. */
  deadLetters(): Promise<Readonly<Record<string, unknown>>[]>;
}

const MAX_MESSAGES = 10;

/** Starts an SQS emulator in memory, with the queues in it. */
export async function startWeirQueues(entries: readonly Entry[]): Promise<WeirQueues> {
  const sqs = await startSqs();
  const client = new SQSClient({
    endpoint: sqs.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const create = async (name: string): Promise<string> =>
    (await client.send(new CreateQueueCommand({ QueueName: name }))).QueueUrl as string;
  const take = async (url: string, read: (message: Message) => Record<string, unknown>) => {
    const taken: Record<string, unknown>[] = [];
    for (;;) {
      const batch = new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: MAX_MESSAGES,
        MessageAttributeNames: ['All'],
      });
      const { Messages: messages = [] } = await client.send(batch);
      if (messages.length === 0) return taken;
      for (const message of messages) {
        taken.push(read(message));
        await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message.ReceiptHandle }));
      }
    }
  };

  const endpoints = entries.filter(({ spec }) => spec.kind === 'endpoint' && spec.hasQueue).map(({ name }) => name);
  const resultUrls: Record<string, string> = {};
  for (const name of endpoints) resultUrls[`${name}-results`] = await create(`weir-${slugOf(name)}-results`);
  const deadLetterUrl = await create('weir-dead-letters');
  return {
    endpoint: sqs.endpoint,
    variables: { WEIR_RESULT_QUEUES: JSON.stringify(resultUrls), WEIR_DEAD_LETTER_QUEUE_URL: deadLetterUrl },
    results: async (entryName) => {
      const url = resultUrls[`${entryName}-results`];
      if (url === undefined) throw new Error(`${entryName} has no queue, only ${endpoints.join(', ')}`);
      return take(url, readResult);
    },
    deadLetters: () => take(deadLetterUrl, readDeadLetter),
    async [Symbol.asyncDispose]() {
      client.destroy();
      await sqs.stop();
    },
  };
}

/** A dead letter: its body as it came, and the reason beside it. */
export function readDeadLetter({
  Body: body = '',
  MessageAttributes: attributes = {},
}: Message): Record<string, unknown> {
  const reason = JSON.parse(attributes['weir-reason']?.StringValue ?? 'null') as unknown;
  return { messageId: attributes['weir-message-id']?.StringValue, reason, body };
}

function readResult({ Body: body = '' }: Message): Record<string, unknown> {
  return JSON.parse(body) as Record<string, unknown>;
}
