import type { Ratio } from '#platform/money.ts';
import type { PriceRow } from '#pricing/price-row.ts';

/** Where a request is processed: `regional` is OpenAI's data residency. */
export type Region = 'global' | 'regional';

/** Pico-dollars per token, as exact fractions, with every factor of the request applied. */
export interface TokenRates {
  readonly input: Ratio;
  readonly cachedInput: Ratio;
  readonly cacheWrite30m: Ratio;
  readonly cacheWrite12h: Ratio;
  /** `null`: the model puts out no tokens. */
  readonly output: Ratio | null;
}

const one: Ratio = { numerator: 1n, denominator: 1n };
const dataResidency: Ratio = { numerator: 11n, denominator: 10n };

/** Price row × long context × tier × region. */
export function tokenRates(row: PriceRow, inputTokens: number, tier: Ratio, region: Region): TokenRates {
  const long = row.longContext !== null && inputTokens > row.longContext.aboveInputTokens ? row.longContext : null;
  const regional = region === 'regional' ? dataResidency : one;
  const rate = (picoUsdPerMillion: bigint, longFactor: Ratio): Ratio => ({
    numerator: picoUsdPerMillion * longFactor.numerator * tier.numerator * regional.numerator,
    denominator: 1_000_000n * longFactor.denominator * tier.denominator * regional.denominator,
  });
  const longInput = long?.input ?? one;
  return {
    input: rate(row.inputPicoUsd, longInput),
    cachedInput: rate(row.cachedInputPicoUsd, longInput),
    cacheWrite30m: rate(row.cacheWrite30mPicoUsd, longInput),
    cacheWrite12h: rate(row.cacheWrite12hPicoUsd, longInput),
    output: row.outputPicoUsd === null ? null : rate(row.outputPicoUsd, long?.output ?? one),
  };
}
