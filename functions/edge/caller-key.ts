import { createHash, timingSafeEqual } from 'node:crypto';
import { textOf, textsOf, type StoredItem } from '#platform/aws/attributes.ts';
import type { Platform } from '#platform/platform.ts';
import { parseCallerPolicy } from './caller-policy.ts';
import { ROLES, type CallerPolicy, type Role } from '#platform/principal.ts';

/** A caller as the callers table knows it. The clear key is nowhere. */
export interface CallerRecord {
  readonly id: string;
  readonly roles: readonly Role[];
  /** Names of the endpoints that it may use; `*` for all. */
  readonly endpoints: readonly string[];
  /** What it may do on the OpenAI-compatible routes. Absent: nothing is said of it. */
  readonly policy?: CallerPolicy;
}

/** The key of a caller's record: SHA-256 of the clear key, in hex. */
export function hashCallerKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** The record as an item of the callers table. */
export function toCallerItem(key: string, { id, roles, endpoints, policy }: CallerRecord) {
  return { pk: hashCallerKey(key), id, roles, endpoints, ...(policy && { policy: JSON.stringify(policy) }) };
}

/** Who holds a key; undefined for nobody. @throws when the table cannot be reached */
export async function findCaller(key: string, { dynamo, config }: Platform): Promise<CallerRecord | undefined> {
  const hash = hashCallerKey(key);
  const item = await dynamo.get(config.tables.callers, { pk: hash });
  if (!item || !isSameHash(hash, item['pk'])) return undefined;
  return toCaller(item);
}

/** The table found the item by this hash; that nothing rests on how a store compares, it is compared once more, in constant time (A3). */
function isSameHash(hash: string, stored: unknown): boolean {
  return (
    typeof stored === 'string' &&
    stored.length === hash.length &&
    timingSafeEqual(Buffer.from(stored), Buffer.from(hash))
  );
}

function toCaller(item: StoredItem): CallerRecord {
  const roles = textsOf(item, 'roles').filter((role): role is Role => (ROLES as readonly string[]).includes(role));
  const policy = parseCallerPolicy(item['policy']);
  return { id: textOf(item, 'id'), roles, endpoints: textsOf(item, 'endpoints'), ...(policy && { policy }) };
}
