import { createHash } from 'node:crypto';
import type { RateTier } from './rate-tiers.ts';

/**
 * The value of the API key by which API Gateway knows a caller at a rate (`usageIdentifierKey`). One a caller and rate, not one a key
 * of Weir's: several keys share the rate, and a rotation changes nothing here. It opens nothing, and is no secret. An account's
 * values must differ, so it names the API too.
 */
export function usageKeyOf(apiId: string, callerId: string, tier: RateTier): string {
  return createHash('sha256').update(`${apiId}#${callerId}#${tier}`).digest('hex');
}

/** The value of the API key that all share who have no rate of their own. The deployment makes it, and has no hash for its API's id. */
export function sharedUsageKey(apiId: string): string {
  return `weirsharedusagekeyof${apiId}`;
}

/** What an API key is called. Names may repeat, values may not: this finds it again. */
export function usageKeyName(apiId: string, callerId: string, tier: RateTier): string {
  return usageKeyPrefix(apiId, callerId) + String(tier);
}

/** How the names of all keys of a caller begin, and no other's: an id has no colon. */
export function usageKeyPrefix(apiId: string, callerId: string): string {
  return `weir:${apiId}:${callerId}:`;
}
