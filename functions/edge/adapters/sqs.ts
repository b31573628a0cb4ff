import * as z from 'zod';
import { parseCacheControl } from '#cache/cache-control.ts';
import type { Receipt } from '#call/call.ts';
import { InvalidRequest, WeirError } from '#platform/errors.ts';
import { formatUsd } from '#platform/money.ts';
import type { Platform } from '#platform/platform.ts';
import type { Principal } from '#platform/principal.ts';
import { deadlineAtMs } from '../call-deadline.ts';
import type { Binding, InvocationContext, LambdaHandler } from '../entry-handler.ts';
import { redactLine } from '../entry-handler.ts';
import { parseInput } from '../parse-input.ts';
import type { RunEndpoint } from '../run-endpoint.ts';
import { parseJsonBytes } from '../safe-json.ts';
import { showValue } from '../shown.ts';

/** The parts of an SQS event that Weir reads. */
interface SqsRecord {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: { readonly ApproximateReceiveCount: string };
}
interface SqsEvent {
  readonly Records: readonly SqsRecord[];
}

/** What stands on an endpoint's queue. */
const messageSchema = z.strictObject({
  /** The sender's own id: the result bears it. */
  id: z.string().min(1).max(200),
  input: z.unknown(),
  /** One of the deployment's result queues. @default the endpoint's own */
  replyTo: z.string().optional(),
});

/** What stands on a result queue. */
export type QueueResult = { readonly id: string; readonly endpoint: string } & (
  | {
      readonly ok: true;
      readonly output: unknown;
      readonly callId: string;
      readonly costUsd: string;
      readonly cache: string;
    }
  | { readonly ok: false; readonly code: string; readonly detail: string }
);

/** SQS's limit of a message. */
const MAX_MESSAGE_BYTES = 1_048_576;
/** With less time than this left, a message is not begun (P4). */
const SHORTEST_CALL_MS = 3_000;

export interface SqsAdapterOptions {
  readonly run: RunEndpoint;
  readonly input: z.ZodType;
  readonly timeoutMs: number;
}

/** True for an event of a queue, which is told from an HTTP event by its records. */
export function isSqsEvent(event: unknown): event is SqsEvent {
  return Array.isArray((event as Partial<SqsEvent> | null)?.Records);
}

/**
 * Runs the messages of the endpoint's own queue through the same `run` as HTTP calls. Each message stands for itself: the
 * ids of those that failed are returned and come again, the others are done. At its last receive a message goes to the
 * dead-letter queue with the reason, which native redrive would not give (P1).
 */
export function sqsAdapter({ run, input, timeoutMs }: SqsAdapterOptions, { name, platform }: Binding): LambdaHandler {
  const { clock, log, sqs, config } = platform;
  const { maxReceives, deadLetterUrl, resultUrls } = config.queue;
  const principal: Principal = { id: `queue:${name}`, kind: 'queue', roles: ['caller'] };

  const handleRecord = async (record: SqsRecord, context: InvocationContext): Promise<void> => {
    const nowMs = clock.nowMs();
    const message = parseInput(messageSchema, parseJsonBytes(Buffer.from(record.body)));
    const resultUrl = resultUrlFor(message.replyTo ?? `${name}-results`, resultUrls);
    let receipt: Receipt | undefined;
    const output = await run({
      input: parseInput(input, message.input),
      principal,
      requestId: record.messageId,
      deadlineAtMs: deadlineAtMs({ nowMs, context, timeoutMs }),
      killAtMs: nowMs + context.getRemainingTimeInMillis(),
      cacheWish: parseCacheControl(undefined),
      settled: (settled) => (receipt = settled),
    });
    const { entry } = receipt as Receipt;
    const { callId, cache } = entry;
    const result: QueueResult = {
      id: message.id,
      endpoint: name,
      ok: true,
      output,
      callId,
      cache,
      costUsd: formatUsd(entry.costPico),
    };
    await sendResult(resultUrl, result, platform);
  };

  /** True when the message is done with, false when it shall come again. */
  const handle = async (record: SqsRecord, context: InvocationContext): Promise<boolean> => {
    if (context.getRemainingTimeInMillis() < SHORTEST_CALL_MS) return false;
    try {
      await handleRecord(record, context);
      return true;
    } catch (error) {
      const { code, message } =
        error instanceof WeirError ? error : { code: 'internal', message: 'something went wrong inside' };
      const receives = Number(record.attributes.ApproximateReceiveCount);
      log.warn('a message failed', { messageId: record.messageId, endpoint: name, code, receives, maxReceives });
      if (receives < maxReceives || deadLetterUrl === undefined) return false;
      return bury(record, { code, detail: redactLine(message) });
    }
  };

  const bury = async (record: SqsRecord, reason: { code: string; detail: string }): Promise<boolean> => {
    try {
      const id = idOf(record);
      await sqs.send(
        deadLetterUrl as string,
        JSON.stringify({ messageId: record.messageId, reason, body: record.body }),
      );
      const ownResults = resultUrls[`${name}-results`];
      if (id !== undefined && ownResults)
        await sendResult(ownResults, { id, endpoint: name, ok: false, ...reason }, platform);
      return true;
    } catch (error) {
      // Native redrive is the backstop: without a reason, but not lost.
      log.error('a message could not be sent to the dead-letter queue', { messageId: record.messageId, error });
      return false;
    }
  };

  return async (event, context) => {
    const { Records: records } = event as SqsEvent;
    const done = await Promise.all(records.map((record) => handle(record, context)));
    const failed = records.filter((_, index) => !done[index]);
    return { batchItemFailures: failed.map((record) => ({ itemIdentifier: record.messageId })) };
  };
}

function resultUrlFor(queueName: string, urls: Readonly<Record<string, string>>): string {
  const url = urls[queueName];
  if (url !== undefined) return url;
  const message = `replyTo must be one of ${Object.keys(urls).join(', ')}, but ${showValue(queueName)} was provided`;
  throw new InvalidRequest([{ field: 'replyTo', message }]);
}

async function sendResult(url: string, result: QueueResult, { sqs }: Platform): Promise<void> {
  const body = JSON.stringify(result);
  const bodyBytes = Buffer.byteLength(body);
  if (bodyBytes <= MAX_MESSAGE_BYTES) return sqs.send(url, body);
  const detail = `the result is ${bodyBytes} bytes long, but a message holds at most ${MAX_MESSAGE_BYTES}`;
  const refusal: QueueResult = { id: result.id, endpoint: result.endpoint, ok: false, code: 'too_large', detail };
  await sqs.send(url, JSON.stringify(refusal));
}

/** The sender's id of a message that may be anything. */
function idOf(record: SqsRecord): string | undefined {
  try {
    const { id } = JSON.parse(record.body) as { id?: unknown };
    return typeof id === 'string' ? id.slice(0, 200) : undefined;
  } catch {
    return undefined;
  }
}
