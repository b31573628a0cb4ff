import { SendMessageBatchCommand, type BatchResultErrorEntry, type SQSClient } from '@aws-sdk/client-sqs';
import { sleep, type Clock } from '#platform/clock.ts';
import { about } from '../failure.ts';
import { MAX_MESSAGE_BYTES } from '#platform/aws/sqs.ts';
import type { OutgoingLine } from './parse-lines.ts';

/** SQS's limits of a batch: so many messages, and as many bytes as one message may have. */
const MAX_BATCH_LINES = 10;
const MAX_BATCH_BYTES = MAX_MESSAGE_BYTES;
/** A message that SQS could not take by no fault of ours is tried again this often. */
const MAX_TRIES = 4;
const RETRY_PAUSE_MS = 250;

export interface SendLinesOptions {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onSent: (lines: readonly OutgoingLine[]) => void;
  /** A line that the queue will not take. */
  readonly onRefused: (line: OutgoingLine, code: string, detail: string) => Promise<void>;
}

/** Puts lines on the queue, batch by batch, in their order. @throws CliFailure when the queue cannot be reached */
export async function sendLines(lines: readonly OutgoingLine[], options: SendLinesOptions): Promise<void> {
  for (const batch of batchesOf(lines)) await sendBatch(batch, options);
}

/** Batches as large as SQS takes them. */
export function* batchesOf(lines: readonly OutgoingLine[]): Generator<OutgoingLine[]> {
  let batch: OutgoingLine[] = [];
  let batchBytes = 0;
  for (const line of lines) {
    if (batch.length === MAX_BATCH_LINES || batchBytes + line.bodyBytes > MAX_BATCH_BYTES) {
      yield batch;
      batch = [];
      batchBytes = 0;
    }
    batch.push(line);
    batchBytes += line.bodyBytes;
  }
  if (batch.length > 0) yield batch;
}

async function sendBatch(batch: readonly OutgoingLine[], options: SendLinesOptions): Promise<void> {
  const { clock, signal, onSent, onRefused } = options;
  let open = batch;
  for (let tries = 1; open.length > 0; tries++) {
    const failures = await trySend(open, options);
    onSent(open.filter((line) => !failures.has(line)));
    for (const [line, { SenderFault, Code, Message }] of failures) {
      if (!SenderFault && tries < MAX_TRIES) continue;
      failures.delete(line);
      await onRefused(line, Code ?? 'refused', Message ?? 'the queue did not take the message');
    }
    open = [...failures.keys()];
    if (open.length > 0) await sleep(clock, RETRY_PAUSE_MS * 2 ** tries, signal);
  }
}

/** The lines that were not taken, each with the reason. */
async function trySend(
  batch: readonly OutgoingLine[],
  { sqs, queueUrl, signal }: SendLinesOptions,
): Promise<Map<OutgoingLine, BatchResultErrorEntry>> {
  const Entries = batch.map(({ body }, index) => ({ Id: String(index), MessageBody: body }));
  const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries });
  const { Failed = [] } = await about(`the queue ${queueUrl}`, sqs.send(command, { abortSignal: signal }));
  return new Map(Failed.map((failure) => [batch[Number(failure.Id)] as OutgoingLine, failure]));
}
