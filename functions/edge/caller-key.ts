import { createHash, timingSafeEqual } from 'node:crypto';
import { textOf, textsOf, type StoredItem } from '#platform/aws/attributes.ts';
import type { Platform } from '#platform/platform.ts';
import { parseCallerPolicy } from './caller-policy.ts';
import { isMistypedCallerKey } from './callers/key-form.ts';
import { heldRateOf, type HeldRate } from './callers/caller-rate.ts';
import { callerItemKey, fromManagedItem, isOver, stateOf } from './callers/managed-caller.ts';
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

/** A caller that was found by its key, and who holds it to its rate. */
export interface FoundCaller extends CallerRecord {
  readonly rate: HeldRate;
}

/** The key of a caller's record: SHA-256 of the clear key, in hex. */
export function hashCallerKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** The record as an item of the callers table. */
export function toCallerItem(key: string, { id, roles, endpoints, policy }: CallerRecord) {
  return { pk: hashCallerKey(key), id, roles, endpoints, ...(policy && { policy: JSON.stringify(policy) }) };
}

/**
 * Who holds a key; undefined for nobody. A key whose checksum is wrong is nobody's, and the table is not asked.
 * @throws when the table cannot be reached
 */
export async function findCaller(key: string, platform: Platform): Promise<FoundCaller | undefined> {
  const { dynamo, config } = platform;
  if (isMistypedCallerKey(key) && !config.takesAnyKey) return undefined;
  const hash = hashCallerKey(key);
  const item = await dynamo.get(config.tables.callers, { pk: hash }, { consistent: true });
  if (!item || !isSameHash(hash, item['pk'])) return undefined;
  // A record of its own, as setup and a local start write it; else it leads to its caller's.
  if (item['roles'] === undefined) return findHolder(textOf(item, 'id'), hash, platform);
  const caller = toCaller(item);
  return { ...caller, rate: heldRateOf({ id: caller.id }, config.apiId, platform.clock.nowMs()) };
}

/** The managed caller that holds a key, if it may come in, and with this key. */
async function findHolder(id: string, hash: string, { dynamo, config, clock }: Platform) {
  const item = await dynamo.get(config.tables.callers, callerItemKey(id), { consistent: true });
  if (!item) return undefined;
  const { caller } = fromManagedItem(item);
  const nowMs = clock.nowMs();
  const key = caller.keys.find((each) => isSameHash(hash, each.hash));
  if (!key || isOver(key.expiresAt, nowMs) || stateOf(caller, nowMs) !== 'active') return undefined;
  const { roles, endpoints, policy } = caller;
  const rate = heldRateOf(caller, config.apiId, nowMs);
  return { id, roles, endpoints, ...(policy && { policy }), rate };
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
