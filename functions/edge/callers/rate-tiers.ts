/**
 * The rates that a caller may be given, in requests a second, and as many at once. Each is one usage plan of the deployed API, of
 * which an account may have 300.
 */
export const RATE_TIERS = [1, 5, 10, 25, 50, 100] as const;
export type RateTier = (typeof RATE_TIERS)[number];

/** What the usage plan of a rate is called in a deployment. */
export function ratePlanName(stage: string, tier: RateTier): string {
  return `weir-${stage}${planNameEnd(tier)}`;
}

/** How the name of a rate's usage plan ends in any deployment. */
export function planNameEnd(tier: RateTier): string {
  return `-${tier}-a-second`;
}
