import { createApiGateway, type ApiGateway, type UsagePlan } from '#platform/aws/api-gateway.ts';
import type { Platform } from '#platform/platform.ts';
import { planNameEnd, type RateTier } from './rate-tiers.ts';
import { sharedUsageKey, usageKeyName, usageKeyOf, usageKeyPrefix } from './usage-key.ts';

/** That API Gateway knows a caller at its rate: of which API, and from when it may be relied on (ISO 8601). */
export interface PlannedRate {
  readonly apiId: string;
  readonly from: string;
}

/** What a caller's record says of its rate. */
export interface RatedCaller {
  readonly id: string;
  /** Absent: no rate of its own. */
  readonly requestsPerSecond?: RateTier | undefined;
  /** Absent: Weir counts by itself. */
  readonly plannedRate?: PlannedRate | undefined;
}

/** Who holds a caller to its rate. */
export interface HeldRate {
  /** The API key that API Gateway is to count the caller's requests by. */
  readonly usageKey: string;
  /** What the functions count by themselves, where API Gateway does not. */
  readonly countedPerSecond?: RateTier;
}

/**
 * "After you add an API key to a usage plan, the update operation might take a few minutes to complete"
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html), and a key that no plan knows
 * is a 403. So long Weir counts by itself.
 */
const SETTLES_MS = 15 * 60_000;

/**
 * Makes API Gateway know a caller at a rate. May be repeated, and broken off anywhere: until the record bears what it gives, nobody goes
 * by it. A key of another rate stays as it is, for cached decisions of the authorizer name it for a while.
 *
 * @returns undefined where that cannot be done, for no API keys are left or API Gateway does not answer: Weir then counts by itself
 */
export async function planRate(id: string, tier: RateTier, platform: Platform): Promise<PlannedRate | undefined> {
  const { signedService, config, clock, log } = platform;
  const { apiId } = config;
  const apiGateway = createApiGateway(signedService('apigateway'));
  try {
    const planId = (await apiGateway.usagePlans()).find((plan) => isPlanOf(plan, tier, apiId))?.id;
    const keyId = planId && (await usageKeyId(id, tier, apiId, apiGateway));
    if (planId !== undefined && keyId !== undefined) {
      await apiGateway.addToUsagePlan(planId, keyId);
      return { apiId, from: new Date(clock.nowMs() + SETTLES_MS).toISOString() };
    }
    log.warn('Weir counts the requests of a caller by itself', { callerId: id, hasPlan: planId !== undefined });
  } catch (error) {
    log.warn('Weir counts the requests of a caller by itself', { callerId: id, error });
  }
  return undefined;
}

/** The plan that this deployment has for a rate: one of the same name may be another's, or nobody's any more, or have been changed by hand. */
function isPlanOf({ name, throttle, apiStages = [] }: UsagePlan, tier: RateTier, apiId: string): boolean {
  const isOurs = name.endsWith(planNameEnd(tier)) && apiStages.some((stage) => stage.apiId === apiId);
  return isOurs && throttle?.rateLimit === tier;
}

/** @returns undefined where the account has as many keys as it may */
async function usageKeyId(
  id: string,
  tier: RateTier,
  apiId: string,
  apiGateway: ApiGateway,
): Promise<string | undefined> {
  const name = usageKeyName(apiId, id, tier);
  const made = await apiGateway.createApiKey(name, usageKeyOf(apiId, id, tier));
  if (made === 'full') return undefined;
  if (made !== 'exists') return made.id;
  return (await apiGateway.apiKeysNamed(name)).find((key) => key.name === name)?.id;
}

/** Deletes all that API Gateway knows of a caller. What it does not do now, the next time does: nobody goes by it any more. */
export async function forgetRates(id: string, { signedService, config, log }: Platform): Promise<void> {
  const apiGateway = createApiGateway(signedService('apigateway'));
  try {
    const keys = await apiGateway.apiKeysNamed(usageKeyPrefix(config.apiId, id));
    for (const key of keys) await apiGateway.deleteApiKey(key.id);
  } catch (error) {
    log.warn('API keys of a revoked caller may be left; revoke it again', { callerId: id, error });
  }
}

/** Who holds a caller to its rate now. What was arranged with another API, which this one took the place of, counts for nothing. */
export function heldRateOf(
  { id, requestsPerSecond, plannedRate }: RatedCaller,
  apiId: string,
  nowMs: number,
): HeldRate {
  if (requestsPerSecond === undefined) return { usageKey: sharedUsageKey(apiId) };
  const isPlanned = plannedRate?.apiId === apiId && Date.parse(plannedRate.from) <= nowMs;
  if (isPlanned) return { usageKey: usageKeyOf(apiId, id, requestsPerSecond) };
  return { usageKey: sharedUsageKey(apiId), countedPerSecond: requestsPerSecond };
}
