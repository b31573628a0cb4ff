import * as z from 'zod';
import { textOf, type StoredItem } from '#platform/aws/attributes.ts';
import { ConfigurationError } from '#platform/errors.ts';
import { ROLES, type CallerPolicy, type Role } from '#platform/principal.ts';
import { policySchema } from '../caller-policy.ts';
import type { RatedCaller } from './caller-rate.ts';
import { RATE_TIERS } from './rate-tiers.ts';

/** A key as the record of its caller has it: never in clear. Times are ISO 8601, UTC. */
export interface CallerKey {
  /** Public: by this a key is spoken of. */
  readonly keyId: string;
  /** SHA-256 of the clear key, in hex. */
  readonly hash: string;
  readonly createdAt: string;
  /** Absent: as long as its caller. */
  readonly expiresAt?: string | undefined;
  /** When a newer one took its place; from then on it only has its overlap. */
  readonly rotatedAt?: string | undefined;
}

/** All that administrators say of a caller, and what came of it. */
export interface ManagedCaller extends RatedCaller {
  readonly name?: string | undefined;
  /** Who answers for it. */
  readonly owner?: string | undefined;
  readonly roles: readonly Role[];
  readonly endpoints: readonly string[];
  readonly policy?: CallerPolicy | undefined;
  /** Absent: it has no end. */
  readonly expiresAt?: string | undefined;
  readonly disabled: boolean;
  readonly createdAt: string;
  readonly createdBy: string;
  /** For good: the id stands in the ledger, and is given to nobody else. */
  readonly revokedAt?: string | undefined;
  readonly keys: readonly CallerKey[];
}

/** A caller as it stands, with the count of its changes. */
export interface StoredCaller {
  readonly caller: ManagedCaller;
  readonly revision: bigint;
}

const time = z.iso.datetime();

/** Strict: what a later version may have written to narrow a caller must not be lost on an earlier one. */
const recordSchema = z.strictObject({
  id: z.string(),
  name: z.string().optional(),
  owner: z.string().optional(),
  roles: z.array(z.enum(ROLES)),
  endpoints: z.array(z.string()),
  policy: policySchema.optional(),
  requestsPerSecond: z.literal(RATE_TIERS).optional(),
  plannedRate: z.strictObject({ apiId: z.string(), from: time }).optional(),
  expiresAt: time.optional(),
  disabled: z.boolean(),
  createdAt: time,
  createdBy: z.string(),
  revokedAt: time.optional(),
  keys: z.array(
    z.strictObject({
      keyId: z.string(),
      hash: z.string(),
      createdAt: time,
      expiresAt: time.optional(),
      rotatedAt: time.optional(),
    }),
  ),
});

/** Where a caller's record lies in the callers table. No hash of a key begins like this. */
export function callerItemKey(id: string): { readonly pk: string } {
  return { pk: `caller#${id}` };
}

/** The item of a caller. */
export function toManagedItem({ caller, revision }: StoredCaller) {
  return { ...callerItemKey(caller.id), id: caller.id, revision, record: JSON.stringify(caller) };
}

/** @throws ConfigurationError for a record that cannot be read: it must not open what it meant to close */
export function fromManagedItem(item: StoredItem): StoredCaller {
  try {
    const caller = recordSchema.parse(JSON.parse(textOf(item, 'record'))) as ManagedCaller;
    return { caller, revision: item['revision'] as bigint };
  } catch {
    throw new ConfigurationError('the record of a caller cannot be read');
  }
}

/** Whether a caller may come in, and else why not. */
export function stateOf(caller: ManagedCaller, nowMs: number): 'active' | 'disabled' | 'expired' | 'revoked' {
  if (caller.revokedAt !== undefined) return 'revoked';
  if (caller.disabled) return 'disabled';
  return isOver(caller.expiresAt, nowMs) ? 'expired' : 'active';
}

/** Whether a moment has come. Absent: it never does. */
export function isOver(expiresAt: string | undefined, nowMs: number): boolean {
  return expiresAt !== undefined && Date.parse(expiresAt) <= nowMs;
}
