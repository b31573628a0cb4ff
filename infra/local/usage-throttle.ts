import type { Clock } from '#platform/clock.ts';
import type { KnownUsage } from './parts/api-gateway.ts';

/** What becomes of a request by its API key's usage plan. */
export type Usage = 'taken' | 'unknown' | 'throttled';

interface Bucket {
  tokens: number;
  atMs: number;
}

/**
 * How API Gateway throttles by usage plans: a bucket of tokens for each key in its plan, which holds as many as the burst and is filled at
 * the rate (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html). Where AWS does its best,
 * this is exact.
 */
export function createUsageThrottle(findUsage: (value: string) => KnownUsage | undefined, clock: Clock) {
  const buckets = new Map<string, Bucket>();
  return (usageKey: string | undefined): Usage => {
    const usage = usageKey === undefined ? undefined : findUsage(usageKey);
    if (!usage) return 'unknown';
    if (!usage.throttle) return 'taken';
    const { rateLimit, burstLimit } = usage.throttle;
    const nowMs = clock.nowMs();
    const id = `${usage.planId}/${usage.keyId}`;
    const { tokens, atMs } = buckets.get(id) ?? { tokens: burstLimit, atMs: nowMs };
    const filled = Math.min(burstLimit, tokens + ((nowMs - atMs) * rateLimit) / 1000);
    const isTaken = filled >= 1;
    buckets.set(id, { tokens: isTaken ? filled - 1 : filled, atMs: nowMs });
    return isTaken ? 'taken' : 'throttled';
  };
}
