import { upperBound, type BoundedCall } from '#pricing/upper-bound.ts';
import type { JsonObject } from '#protocol/request.ts';
import { readText } from './read-member.ts';
import { refuse, refuseValue } from './refuse.ts';

/** What is sent where the caller names no tier: what the project's own default would serve could not be bounded. */
const STANDARD = 'default';
const KNOWN = ['auto', 'default', 'flex', 'priority', 'fast', 'ultrafast', 'scale'];

/**
 * The tier to send, for a call of which a bound can be given.
 * @throws InvalidRequest with the reason why its cost cannot be held: the model writes no text, or is not sold at this tier
 */
export function readServiceTier(body: JsonObject, call: Pick<BoundedCall, 'model' | 'at'>): string {
  const tier = readText(body, 'service_tier') ?? STANDARD;
  if (!KNOWN.includes(tier)) return refuseValue('service_tier', `be one of ${KNOWN.join(', ')}`, tier);
  const reasonAt = (serviceTier: string) => {
    const bound = upperBound({ ...call, serviceTier, inputTokens: 1, maxOutputTokens: 1 });
    return bound.priced ? undefined : bound.reason;
  };
  const reason = reasonAt(STANDARD);
  if (reason !== undefined) return refuse('model', `cannot be used here: ${reason}`);
  const tierReason = reasonAt(tier);
  return tierReason === undefined ? tier : refuse('service_tier', `cannot be paid for: ${tierReason}`);
}
