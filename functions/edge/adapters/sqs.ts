import { parseCacheControl } from '#cache/cache-control.ts';
import { IdempotencyConflict, WeirError } from '#platform/errors.ts';
import { toMessageBody } from '#platform/aws/sqs.ts';
import { formatUsd } from '#platform/money.ts';
import type { Principal } from '#platform/principal.ts';
import { callTimes } from '../call-deadline.ts';
import type { Binding, LambdaHandler } from '../entry-handler.ts';
import type { InvocationContext } from '../invocation-context.ts';
import type { Once } from '../idempotent-run.ts';
import { maskedJson } from '../known-error.ts';
import { redactLine, redactOr } from '../redact-line.ts';
import { parseInput } from '../parse-input.ts';
import {
  messageSchema,
  resultUrlFor,
  senderOf,
  sendResult,
  urlOf,
  type QueueResult,
  type Reason,
} from '../queue-message.ts';
import type { EndpointRequest, RunEndpoint } from '../run-endpoint.ts';
import { parseJsonBytes } from '../safe-json.ts';
import type { EndpointSpec } from '../specs.ts';

/** The parts of an SQS event that Weir reads. */
interface SqsRecord {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly attributes: { readonly ApproximateReceiveCount: string };
}
interface SqsEvent {
  readonly Records: readonly SqsRecord[];
}

/** With less time than this left, a message is not begun (P4). */
const SHORTEST_CALL_MS = 3_000;

export interface SqsAdapterOptions extends Pick<EndpointSpec, 'input' | 'redact'> {
  readonly run: RunEndpoint;
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
export function sqsAdapter(
  { run, input, redact, timeoutMs }: SqsAdapterOptions,
  { name, platform }: Binding,
): LambdaHandler {
  const { clock, log, sqs, config } = platform;
  const { url: queueUrl, maxReceives, deadLetterUrl, resultUrls } = config.queue;
  const principal: Principal = { id: `queue:${name}`, kind: 'queue', roles: ['caller'] };

  const handleRecord = async (record: SqsRecord, context: InvocationContext): Promise<void> => {
    const message = parseInput(messageSchema, parseJsonBytes(Buffer.from(record.body)));
    const resultUrl = resultUrlFor(message.replyTo ?? `${name}-results`, resultUrls);
    const validInput = parseInput(input, message.input);
    const request: EndpointRequest = {
      input: validInput,
      principal,
      requestId: record.messageId,
      times: callTimes({ nowMs: clock.nowMs(), context, timeoutMs }),
      cacheWish: parseCacheControl(undefined),
      once: onceOf(record, message.idempotencyKey, validInput),
    };
    const { reply } = await run(request, (output, { entry: { callId, cache, costPico } }) => {
      return { output, callId, cache, costUsd: formatUsd(costPico) };
    });
    const result: QueueResult = { id: message.id, endpoint: name, ok: true, ...reply };
    await sendResult(resultUrl, result, platform);
  };

  /** True when the message is done with, false when it shall come again. */
  const handle = async (record: SqsRecord, context: InvocationContext): Promise<boolean> => {
    if (context.getRemainingTimeInMillis() < SHORTEST_CALL_MS) return false;
    try {
      await handleRecord(record, context);
      return true;
    } catch (error) {
      if (error instanceof IdempotencyConflict) {
        // Another environment works on it: that is no failure, and no reason to bury it.
        log.info('a message is being worked on elsewhere', { messageId: record.messageId, endpoint: name });
        return false;
      }
      const { code, message } =
        error instanceof WeirError ? error : { code: 'internal', message: 'something went wrong inside' };
      const receives = Number(record.attributes.ApproximateReceiveCount);
      log.warn('a message failed', { messageId: record.messageId, endpoint: name, code, receives, maxReceives });
      if (receives >= maxReceives && deadLetterUrl !== undefined) {
        return bury(record, { code, detail: redactOr(message, 'the reason could not be told') });
      }
      if (HOPELESS.has(code)) await hurry(record);
      return false;
    }
  };

  /** What waiting cannot mend has no reason to wait: its receives are over in seconds, and the sender hears of it. */
  const hurry = async (record: SqsRecord): Promise<void> => {
    if (queueUrl === undefined) return;
    await sqs.showAgainIn(queueUrl, record.receiptHandle, 0).catch((error: unknown) => {
      log.warn('a message could not be hurried', { messageId: record.messageId, error });
    });
  };

  const bury = async (record: SqsRecord, reason: Reason): Promise<boolean> => {
    try {
      // The body as it came, so that it can be moved back to the queue, or masked where the endpoint masks; what is known of its end
      // stands beside it.
      const attributes = { 'weir-reason': toMessageBody(reason), 'weir-message-id': record.messageId };
      await sqs.send(deadLetterUrl as string, redact === 'off' ? record.body : maskedBody(record.body), attributes);
    } catch (error) {
      // Native redrive is the backstop: without a reason, but not lost.
      log.error('a message could not be sent to the dead-letter queue', { messageId: record.messageId, error });
      return false;
    }
    await tellSender(record, reason);
    return true;
  };

  /** Where the message says who sent it. Never throws: a buried message that came again would be buried twice. */
  const tellSender = async (record: SqsRecord, reason: Reason): Promise<void> => {
    const { id, replyTo } = senderOf(record.body);
    const url = urlOf(replyTo, resultUrls) ?? urlOf(`${name}-results`, resultUrls);
    if (id === undefined || url === undefined) return;
    try {
      await sendResult(url, { id, endpoint: name, ok: false, ...reason }, platform);
    } catch (error) {
      log.error('a sender could not be told of a failed message', { messageId: record.messageId, error });
    }
  };

  return async (event, context) => {
    const { Records: records } = event as SqsEvent;
    const done = await Promise.all(records.map((record) => handle(record, context)));
    const failed = records.filter((_, index) => !done[index]);
    return { batchItemFailures: failed.map((record) => ({ itemIdentifier: record.messageId })) };
  };
}

/** A message whose texts are masked; one that is no JSON is masked as the text it is. */
function maskedBody(body: string): string {
  try {
    // Each text by itself, then the whole, for the names of its members.
    return redactLine(maskedJson(JSON.parse(body), redactLine));
  } catch {
    return redactLine(body);
  }
}

/**
 * What makes a message one call however often it comes. SQS delivers at least once, so without a key of the sender's its own
 * id is one: a message whose acknowledgement was lost gets its stored result, and is not paid for again (P5).
 */
function onceOf({ messageId }: SqsRecord, idempotencyKey: string | undefined, input: unknown): Once {
  return idempotencyKey === undefined ? { key: `message ${messageId}` } : { key: `key ${idempotencyKey}`, input };
}

/** The message itself is at fault: it costs nothing to see that again, and waiting does not mend it. */
const HOPELESS = new Set([
  'invalid_request',
  'malformed_body',
  'too_large',
  'upstream_rejected',
  'content_policy',
  'input_blocked',
  'input_flagged',
  'idempotency_mismatch',
  'idempotency_reply_too_large',
]);
