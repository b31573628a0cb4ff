import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type Message,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { QueueResult } from '#edge/queue-message.ts';
import { sleep, type Clock } from '#platform/clock.ts';
import { about } from '../failure.ts';

/** SQS's longest poll, and the one while we keep messages of others. */
const LONG_POLL_SECONDS = 20;
const SHORT_POLL_SECONDS = 1;
/** A message that we received and then lost (killed, cable pulled) is back after this. */
const VISIBILITY_SECONDS = 30;
/** Others' messages are kept at most this long before they are released. */
const KEEP_MS = 3_000;
/** After a release, whoever the messages belong to has this long to fetch them, give or take a half. */
const YIELD_MS = 500;
const MAX_BATCH = 10;

export interface CollectOptions {
  readonly sqs: SQSClient;
  readonly resultsUrl: string;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** True for the id of a line of this run, also the second time. */
  readonly isOwn: (id: string) => boolean;
  readonly isDone: () => boolean;
  readonly onResult: (result: QueueResult) => Promise<void>;
}

/**
 * Reads the results queue until all of this run's results are there. Own messages are deleted once they are passed on. The
 * queue is shared: others' messages are released again, but not at once, for the queue would hand us the same ten for
 * ever where what an earlier run left lies before ours. We keep them until a poll brings nothing new.
 *
 * @throws CliFailure when the queue cannot be reached, or the signal's reason
 */
export async function collectResults(options: CollectOptions): Promise<void> {
  const { clock, random, signal, isDone } = options;
  let kept: Message[] = [];
  let keptSinceMs = 0;
  try {
    while (!isDone()) {
      const messages = await receive(options, kept.length > 0 ? SHORT_POLL_SECONDS : LONG_POLL_SECONDS);
      const others = await takeOwn(messages, options);
      if (kept.length === 0) keptSinceMs = clock.nowMs();
      kept.push(...others);
      if (kept.length === 0 || (messages.length > 0 && clock.nowMs() - keptSinceMs < KEEP_MS)) continue;
      await release(kept, options);
      kept = [];
      if (!isDone()) await sleep(clock, YIELD_MS * (0.5 + random()), signal);
    }
  } finally {
    await release(kept, options);
  }
}

async function receive({ sqs, resultsUrl, signal }: CollectOptions, waitSeconds: number): Promise<Message[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: resultsUrl,
    MaxNumberOfMessages: MAX_BATCH,
    VisibilityTimeout: VISIBILITY_SECONDS,
    WaitTimeSeconds: waitSeconds,
  });
  const { Messages = [] } = await about(`the queue ${resultsUrl}`, sqs.send(command, { abortSignal: signal }));
  return Messages;
}

/** Passes on what is ours, then deletes it; returns what is not. */
async function takeOwn(messages: readonly Message[], options: CollectOptions): Promise<Message[]> {
  const { sqs, resultsUrl, isOwn, onResult } = options;
  const own: Message[] = [];
  const others: Message[] = [];
  for (const message of messages) {
    const result = parseResult(message);
    if (result && isOwn(result.id)) {
      await onResult(result);
      own.push(message);
    } else others.push(message);
  }
  if (own.length === 0) return others;
  const Entries = own.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
  const command = new DeleteMessageBatchCommand({ QueueUrl: resultsUrl, Entries });
  await about(`the queue ${resultsUrl}`, sqs.send(command));
  return others;
}

/** What fails here is back by itself after its visibility time, so nobody needs to know. */
async function release(messages: readonly Message[], { sqs, resultsUrl }: CollectOptions): Promise<void> {
  for (let from = 0; from < messages.length; from += MAX_BATCH) {
    const batch = messages.slice(from, from + MAX_BATCH);
    const Entries = batch.map(({ ReceiptHandle }, index) => ({
      Id: String(index),
      ReceiptHandle,
      VisibilityTimeout: 0,
    }));
    await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: resultsUrl, Entries })).catch(() => undefined);
  }
}

/** A message of another kind is somebody else's. */
function parseResult({ Body = '' }: Message): QueueResult | undefined {
  try {
    const result = JSON.parse(Body) as Partial<QueueResult> | null;
    return typeof result?.id === 'string' && typeof result.ok === 'boolean' ? (result as QueueResult) : undefined;
  } catch {
    return undefined;
  }
}
