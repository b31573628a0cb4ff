import type { EndpointTerms } from '#call/call.ts';
import { specLimitsOf } from './budget-limits.ts';
import type { EndpointSpec } from './specs.ts';

/** The longest silence in a stream, where an endpoint says nothing of it. A model that thinks says that it has begun, and then nothing. */
const IDLE_TIMEOUT_MS = 60_000;

/** What an endpoint's spec says of money, time and caching, as the money path wants it. */
export function termsOf(
  name: string,
  spec: Pick<EndpointSpec, 'deterministic' | 'budget' | 'limits' | 'stream' | 'redact' | 'redactsOutput'>,
  version: number,
): EndpointTerms {
  const { deterministic, budget, limits, stream, redact, redactsOutput } = spec;
  return {
    name,
    version,
    ...(deterministic && {
      deterministic: { ttlSeconds: deterministic.ttlSeconds, shared: deterministic.shared ?? false },
    }),
    budget: specLimitsOf(budget),
    ...(limits.leastOutputTokens !== undefined && { leastOutputTokens: limits.leastOutputTokens }),
    ...(limits.attemptTimeoutMs !== undefined && { attemptTimeoutMs: limits.attemptTimeoutMs }),
    redact,
    redactsOutput,
    idleTimeoutMs: stream?.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
  };
}
