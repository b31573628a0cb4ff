import * as z from 'zod';
import { ConfigurationError } from '#platform/errors.ts';
import type { CallerPolicy } from '#platform/principal.ts';
import { REDACT_POLICIES } from '#platform/redact-policy.ts';

/** As long as a request may ask for it (`x-weir-cache`). */
const MAX_CACHE_SECONDS = 30 * 86_400;

/** What may be said of a caller on the OpenAI-compatible routes. */
export const policySchema = z.strictObject({
  models: z.array(z.string().min(1)).optional(),
  defaultModel: z.string().min(1).optional(),
  cacheSeconds: z.int().min(1).max(MAX_CACHE_SECONDS).optional(),
  mayStore: z.boolean().optional(),
  redact: z.enum(REDACT_POLICIES).optional(),
});

/**
 * A caller's policy as it stands in the callers table and in the authorizer's context: JSON.
 * @throws ConfigurationError for what cannot be read, which must not widen what a caller may do
 */
export function parseCallerPolicy(json: unknown): CallerPolicy | undefined {
  if (json === undefined || json === null) return undefined;
  try {
    return policySchema.parse(JSON.parse(json as string)) as CallerPolicy;
  } catch {
    throw new ConfigurationError('the policy of the caller cannot be read');
  }
}
