/**
 * The rates that a caller may be given, in requests a second, and as many at once. Each is one usage plan of the deployed API, of
 * which an account may have 300.
 */
export const RATE_TIERS = [1, 5, 10, 25, 50, 100] as const;
export type RateTier = (typeof RATE_TIERS)[number];
