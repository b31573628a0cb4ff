import { createHash } from 'node:crypto';
import { canonicalJson } from '#platform/canonical-json.ts';

/** A request that shall have one effect, however often it is sent. */
export interface Demand {
  /** Key of its record in the jobs table, by `recordKey`. */
  readonly pk: string;
  /** What must be the same whenever the key comes again, by `fingerprintOf`. */
  readonly fingerprint: string;
  /** The id of the call that this request is, if it is the first. */
  readonly owner: string;
  /** Until then (epoch ms) nobody else begins: by then the platform has killed this process. */
  readonly leaseEndsAtMs: number;
  /** Opens a stored reply that is sealed, by `sealKeyOf`. Absent: there is none that it could open. */
  readonly sealKey?: Buffer;
  /** The reply is to be stored sealed. */
  readonly isSealed: boolean;
}

/** Whose key it is: the same text from another caller, or for another endpoint, is another key. */
export interface KeyOwner {
  readonly callerKind: string;
  readonly caller: string;
  readonly endpoint: string;
}

/** The key of a record: SHA-256 over owner and idempotency key, which itself is stored nowhere. */
export function recordKey(owner: KeyOwner, idempotencyKey: string): string {
  return `idempotency#${sha256([owner, idempotencyKey])}`;
}

/**
 * SHA-256 over the idempotency key, an endpoint's version and a validated input, so that defaults spelt out or left to Weir are the
 * same. The key is stored nowhere: without it nobody can try inputs until one fits.
 */
export function fingerprintOf(idempotencyKey: string, version: number, input: unknown): string {
  return sha256([idempotencyKey, version, input]);
}

function sha256(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('base64url');
}
