import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { integerOf, type StoredItem } from '#platform/aws/attributes.ts';
import { isComplete, type CallEvent } from '#protocol/events.ts';

/** A complete answer as the cache keeps it. */
export interface StoredAnswer {
  readonly events: readonly CallEvent[];
  readonly modelServed: string;
  /** What it cost to make, pico-USD: what a hit saves. */
  readonly costPico: bigint;
  readonly storedAtMs: number;
  readonly expiresAtMs: number;
}

/** Raised when the stored form changes: items of another form are misses. */
const FORM = 1;
/** DynamoDB's limit of 400 KB an item, less room for keys and attributes. */
const MAX_BODY_BYTES = 390 * 1024;
/** An answer that inflates to more than this was not written by Weir. */
const MAX_INFLATED_BYTES = 16 * 1024 * 1024;

/** The item that stores an answer under a key; undefined when it is too large even compressed (C5). */
export function toCacheItem(key: string, answer: StoredAnswer) {
  const text = JSON.stringify({ events: answer.events, modelServed: answer.modelServed });
  // Level 1 halves a 4 KB answer in 40 µs; higher levels win little on text this short.
  const body = deflateRawSync(text, { level: 1 });
  if (body.byteLength > MAX_BODY_BYTES) return undefined;
  return {
    pk: key,
    form: FORM,
    body,
    digest: digestOf(key, body),
    costPico: answer.costPico,
    storedAtMs: answer.storedAtMs,
    expiresAt: Math.ceil(answer.expiresAtMs / 1000),
  };
}

/**
 * The answer of an item; undefined for an item that is expired (DynamoDB deletes days late, C4) or that is not what was
 * stored under this key: another form, another digest, not decodable, no whole answer (C8).
 */
export function fromCacheItem(key: string, item: StoredItem, nowMs: number): StoredAnswer | undefined {
  try {
    const body = item['body'] as Buffer;
    const expiresAtMs = Number(item['expiresAt']) * 1000;
    if (item['form'] !== BigInt(FORM) || !(expiresAtMs > nowMs) || item['digest'] !== digestOf(key, body))
      return undefined;
    const text = inflateRawSync(body, { maxOutputLength: MAX_INFLATED_BYTES }).toString();
    const { events, modelServed } = JSON.parse(text) as Pick<StoredAnswer, 'events' | 'modelServed'>;
    if (typeof modelServed !== 'string' || !isComplete(events)) return undefined;
    return {
      events,
      modelServed,
      costPico: integerOf(item, 'costPico'),
      storedAtMs: Number(item['storedAtMs']),
      expiresAtMs,
    };
  } catch {
    return undefined;
  }
}

function digestOf(key: string, body: Buffer): string {
  return createHash('sha256').update(key).update(body).digest('base64url');
}
