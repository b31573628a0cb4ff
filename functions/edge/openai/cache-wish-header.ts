import { refuseValue } from './refuse.ts';

/** The header by which a caller asks that the answer be kept: `x-weir-cache: 1h`. */
export const CACHE_WISH_HEADER = 'x-weir-cache';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const MAX_SECONDS = 30 * 86_400;
const RULE = 'be from 1s to 30d, such as 90s, 15m, 1h or 7d, or else no';

/**
 * For how long the answer may be kept, and one that was kept may be given: as the header says (`no` and `off`: not at all),
 * or else as the caller's policy does. Undefined: not at all.
 *
 * @throws InvalidRequest for a header that is no time within limits
 */
export function readCacheWish(header: string | undefined, policySeconds: number | undefined): number | undefined {
  const wish = header?.trim().toLowerCase();
  if (wish === undefined) return policySeconds;
  if (wish === 'no' || wish === 'off') return undefined;
  const [, amount, unit = ''] = /^(\d{1,7})([smhd])$/.exec(wish) ?? [];
  const seconds = Number(amount) * (SECONDS[unit] ?? 0);
  return seconds >= 1 && seconds <= MAX_SECONDS ? seconds : refuseValue(CACHE_WISH_HEADER, RULE, header);
}
