import { WRITE_UNITS_A_SECOND, writeUnits } from './partition.ts';

/**
 * How many calls a second one shard carries: each writes twice, and every write costs by the whole item, which has the holds of all
 * calls in flight. The largest r with `2 · r · ⌈(base + hold · r · seconds) / 1 KB⌉ ≤ 1000`.
 */
export function carries(holdBytes: number, seconds: number, baseBytes: number): number {
  let low = 0;
  let high = WRITE_UNITS_A_SECOND / 2;
  while (high - low > 1e-3) {
    const rate = (low + high) / 2;
    if (2 * rate * writeUnits(baseBytes + holdBytes * rate * seconds) <= WRITE_UNITS_A_SECOND) low = rate;
    else high = rate;
  }
  return low;
}

/** Of what a shard carries, what it should be asked for: the rest is for moments and for shards that get more than others. */
export const FILL = 0.6;

/** Shards for so many calls a second. */
export function shardsFor(callsASecond: number, holdBytes: number, seconds: number, baseBytes: number): number {
  return Math.max(1, Math.ceil(callsASecond / (FILL * carries(holdBytes, seconds, baseBytes))));
}
