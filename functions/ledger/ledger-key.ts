import { createHash } from 'node:crypto';
import { mintedAtMs } from '#platform/call-id.ts';

/** Key of a ledger item. It derives from endpoint and call id alone, so that anyone who knows the call finds its entry. */
export interface LedgerKey {
  readonly pk: string;
  readonly sk: string;
}

/** `endpoint#day#shard` and `time#callId`: a partition takes 1,000 writes a second, so a busy endpoint's day has shards. */
export function ledgerKey(endpoint: string, callId: string, shards: number): LedgerKey {
  const time = new Date(mintedAtMs(callId)).toISOString();
  return { pk: partitionKey(endpoint, time.slice(0, 10), shardOf(callId, shards)), sk: `${time}#${callId}` };
}

/** The partition of one shard of an endpoint's day (`2026-11-22`, UTC). */
export function partitionKey(endpoint: string, day: string, shard: number): string {
  return `${endpoint}#${day}#${shard}`;
}

function shardOf(callId: string, shards: number): number {
  return shards === 1 ? 0 : createHash('sha256').update(callId).digest().readUInt32BE(0) % shards;
}

/** Every day (UTC) from `from` to `to`, both included. */
export function* daysBetween(from: string, to: string): Generator<string> {
  const end = Date.parse(to);
  for (let at = Date.parse(from); at <= end; at += 86_400_000) yield new Date(at).toISOString().slice(0, 10);
}
