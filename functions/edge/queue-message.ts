import * as z from 'zod';
import { MAX_MESSAGE_BYTES, toMessageBody } from '#platform/aws/sqs.ts';
import { InvalidRequest } from '#platform/errors.ts';
import type { Platform } from '#platform/platform.ts';
import { IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_RULE } from './idempotency-key.ts';
import { showValue } from './shown.ts';

/** What stands on an endpoint's queue. */
export const messageSchema = z.strictObject({
  /** The sender's own id: the result bears it. */
  id: z.string().min(1).max(200),
  input: z.unknown(),
  /** One of the deployment's result queues. @default the endpoint's own */
  replyTo: z.string().optional(),
  /**
   * Messages with this key are one call for a day, whoever puts them on the queue: each gets its result, and it is paid for
   * once. Their inputs must be the same. @default each message is a call of its own, however often SQS delivers it
   */
  idempotencyKey: z.string().regex(IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_RULE).optional(),
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
  | ({ readonly ok: false } & Reason)
);

/** Why a message failed: the error's code, and its masked message. */
export interface Reason {
  readonly code: string;
  readonly detail: string;
}

/** The URL of a result queue by its name. @throws InvalidRequest: results go to the deployment's own queues only */
export function resultUrlFor(queueName: string, urls: Readonly<Record<string, string>>): string {
  const url = urlOf(queueName, urls);
  if (url !== undefined) return url;
  const message = `replyTo must be one of ${Object.keys(urls).join(', ')}, but ${showValue(queueName)} was provided`;
  throw new InvalidRequest([{ field: 'replyTo', message }]);
}

/** Puts a result on a queue; one that is too large becomes a refusal that says so. */
export async function sendResult(url: string, result: QueueResult, { sqs }: Platform): Promise<void> {
  const body = toMessageBody(result);
  const bodyBytes = Buffer.byteLength(body);
  if (bodyBytes <= MAX_MESSAGE_BYTES) return sqs.send(url, body);
  const detail = `the result is ${bodyBytes} bytes long, but a message holds at most ${MAX_MESSAGE_BYTES}`;
  const refusal: QueueResult = { id: result.id, endpoint: result.endpoint, ok: false, code: 'too_large', detail };
  await sqs.send(url, toMessageBody(refusal));
}

/** The URL of a result queue, if the deployment has one of that name. */
export function urlOf(queueName: string | undefined, urls: Readonly<Record<string, string>>): string | undefined {
  return queueName !== undefined && Object.hasOwn(urls, queueName) ? urls[queueName] : undefined;
}

/** What a message that may be anything says of its sender. */
export function senderOf(body: string): { readonly id?: string; readonly replyTo?: string } {
  try {
    const { id, replyTo } = JSON.parse(body) as { id?: unknown; replyTo?: unknown };
    return {
      ...(typeof id === 'string' && { id: id.slice(0, 200) }),
      ...(typeof replyTo === 'string' && { replyTo }),
    };
  } catch {
    return {};
  }
}
