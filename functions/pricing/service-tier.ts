import type { Ratio } from '#platform/money.ts';
import type { PriceRow } from '#pricing/price-row.ts';
import { unpriced } from '#pricing/unpriced.ts';
import type { Unpriced } from '#pricing/unpriced.ts';

const standard: Ratio = { numerator: 1n, denominator: 1n };
const half: Ratio = { numerator: 1n, denominator: 2n };

type TierFactor = { readonly priced: true; readonly factor: Ratio } | Unpriced;

/**
 * What the tier that served a call multiplies its token prices by. OpenAI bills by the tier in the response: `default`
 * (or none, as embeddings answer) × 1, `flex` and the Batch API × ½, `fast` alias `priority` and `ultrafast` as the
 * row says. `scale` is capacity bought in advance: its calls have no price of their own, so there is none to give.
 *
 * @param tier the response's `service_tier`
 */
export function servedTierFactor(row: PriceRow, tier: string | null | undefined, batch: boolean): TierFactor {
  switch (tier ?? 'default') {
    case 'default':
    case 'standard':
    case 'auto':
      return { priced: true, factor: batch ? half : standard };
    case 'flex':
    case 'batch':
      return { priced: true, factor: half };
    case 'fast':
    case 'priority':
      return batch ? notInBatch(tier) : sold(row, tier, row.fast);
    case 'ultrafast':
      return batch ? notInBatch(tier) : sold(row, tier, row.ultrafast);
    case 'scale':
      return unpriced('service tier "scale" is capacity bought in advance and has no price per call');
    default:
      return unpriced(`service tier ${JSON.stringify(tier)} is not in the price book`);
  }
}

/**
 * The dearest tier that a request for `tier` can be served at, for the response may name another than was asked.
 * `auto`, which no tier stands for too, lets the project's setting decide, and that may be fast mode; `flex` may come
 * back as `default`. Ultrafast is never served unasked. Ask for `default` to hold no more than its price.
 */
export function boundTierFactor(row: PriceRow, tier: string | null | undefined, batch: boolean): TierFactor {
  if (batch) return servedTierFactor(row, tier, true);
  switch (tier ?? 'auto') {
    case 'auto':
      return { priced: true, factor: row.fast ?? standard };
    case 'flex':
      return { priced: true, factor: standard };
    default:
      return servedTierFactor(row, tier, false);
  }
}

function sold(row: PriceRow, tier: string | null | undefined, factor: Ratio | null): TierFactor {
  return factor === null ? unpriced(`${row.model} has no price at service tier "${tier}"`) : { priced: true, factor };
}

function notInBatch(tier: string | null | undefined): Unpriced {
  return unpriced(`the Batch API has no service tier "${tier}"`);
}
