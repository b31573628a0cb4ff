import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSqs } from '#infra/local/parts/sqs.ts';
import { outputsWith, runWeir, type Ran, type RunOptions } from './run-weir.ts';

/** What a message on an endpoint's queue looks like to its reader. */
export interface QueuedLine {
  readonly id: string;
  readonly input: unknown;
}

/** An endpoint's two queues, with a folder for files: all that `weir send` meets, and nobody who answers. */
export interface QueueBoard extends AsyncDisposable {
  readonly queueUrl: string;
  readonly resultsUrl: string;
  /** `weir send` for the endpoint `echo`. */
  send(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** Writes a file and gives its path. */
  file(name: string, content: string | Buffer): Promise<string>;
  path(name: string): string;
  /** Takes so many lines off the endpoint's queue, waiting for them. */
  take(count: number): Promise<QueuedLine[]>;
  /** Puts something on the results queue. */
  reply(result: object | string): Promise<void>;
  /** How many messages a queue holds that can be received now, and that somebody has. */
  counts(url: string): Promise<{ visible: number; inFlight: number }>;
}

export interface QueueBoardOptions {
  /** Where the queues are. @default an emulator of its own, with queues of its own */
  readonly existing?: { readonly endpoint: string; readonly resultsUrl: string };
  /** @default 'echo' */
  readonly endpoint?: string;
}

export async function openQueueBoard({ existing, endpoint = 'echo' }: QueueBoardOptions = {}): Promise<QueueBoard> {
  await using parts = new AsyncDisposableStack();
  const sqs = existing?.endpoint ?? (await startOwnSqs(parts));
  const client = new SQSClient({
    endpoint: sqs,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  parts.defer(() => client.destroy());
  const create = async (name: string) =>
    (await client.send(new CreateQueueCommand({ QueueName: name }))).QueueUrl as string;
  const queueUrl = await create(`weir-${endpoint}`);
  const resultsUrl = existing?.resultsUrl ?? (await create(`weir-${endpoint}-results`));

  const folder = await mkdtemp(join(tmpdir(), 'weir-send-'));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  const path = (name: string) => join(folder, name);
  const nowhere = 'http://127.0.0.1:9';
  const outputs = outputsWith({
    queues: { [endpoint]: { url: queueUrl, resultsUrl } },
    awsEndpoints: { dynamodb: nowhere, secretsmanager: nowhere, sqs },
  });
  await writeFile(path('outputs.json'), JSON.stringify(outputs));

  const takeSome = async (most: number): Promise<Message[]> => {
    const receive = new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: Math.min(10, most),
      WaitTimeSeconds: 10,
    });
    const { Messages: messages = [] } = await client.send(receive);
    for (const { ReceiptHandle } of messages) {
      await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
    }
    return messages;
  };
  const moved = parts.move();
  return {
    queueUrl,
    resultsUrl,
    path,
    send: (args, options) => runWeir(['send', '--outputs', path('outputs.json'), endpoint, ...args], options),
    async file(name, content) {
      await writeFile(path(name), content);
      return path(name);
    },
    async take(count) {
      const lines: QueuedLine[] = [];
      while (lines.length < count) {
        const messages = await takeSome(count - lines.length);
        lines.push(...messages.map(({ Body = '' }) => JSON.parse(Body) as QueuedLine));
      }
      return lines;
    },
    async reply(result) {
      const MessageBody = typeof result === 'string' ? result : JSON.stringify(result);
      await client.send(new SendMessageCommand({ QueueUrl: resultsUrl, MessageBody }));
    },
    async counts(url) {
      const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
      const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...names] });
      const { Attributes: attributes } = await client.send(command);
      return { visible: Number(attributes?.[names[0]]), inFlight: Number(attributes?.[names[1]]) };
    },
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

async function startOwnSqs(parts: AsyncDisposableStack): Promise<string> {
  const sqs = await startSqs();
  parts.defer(() => sqs.stop());
  return sqs.endpoint;
}

/** A good result, as an endpoint's function would put it on the results queue. */
export function goodResult({ id, input }: QueuedLine, costUsd = '0.000001') {
  return { id, endpoint: 'echo', ok: true, output: { echo: input }, callId: `call-${id}`, cache: 'miss', costUsd };
}
