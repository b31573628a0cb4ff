/**
 * What a model may see of secrets and personal data, the most lenient first. `off`: all of it. `reversible`: placeholders with
 * numbers (`[EMAIL_1]`), in whose place the caller gets the originals back. `mask`: their kinds (`[EMAIL]`), for good.
 * `block`: nothing; a request that holds any is refused.
 */
export const REDACT_POLICIES = ['off', 'reversible', 'mask', 'block'] as const;
export type RedactPolicy = (typeof REDACT_POLICIES)[number];

/** The stricter of two policies. */
export function stricter(one: RedactPolicy, other: RedactPolicy): RedactPolicy {
  return REDACT_POLICIES.indexOf(one) > REDACT_POLICIES.indexOf(other) ? one : other;
}
