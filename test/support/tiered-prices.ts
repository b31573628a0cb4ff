import type { BilledWork, PriceTable, TokenPrices } from './scripted-bill.ts';

/** OpenAI's boundary: with more input tokens than this the whole request is long context. */
const LONG_CONTEXT_ABOVE_TOKENS = 272_000;

/**
 * What OpenAI charged on 2026-11-22, by tier and length, worked out by hand: $0.10 per million tokens are 100,000
 * pico-dollars a token. Nothing here comes from the price book under test.
 */
export const tieredPrices: PriceTable = {
  'gpt-6-luna': tiered({
    input: 100_000n, // $0.10
    cachedInput: 10_000n, // $0.01
    cacheWriteInput: 125_000n, // $0.125
    cacheWrite12hInput: 250_000n, // $0.25
    output: 500_000n, // $0.50
  }),
  'gpt-5.6-luna': tiered({
    input: 200_000n, // $0.20
    cachedInput: 20_000n, // $0.02
    cacheWriteInput: 250_000n, // $0.25
    cacheWrite12hInput: 500_000n, // $0.50
    output: 1_200_000n, // $1.20
  }),
  'gpt-6.1-terra': tiered({
    input: 1_000_000n, // $1
    cachedInput: 50_000n, // $0.05
    cacheWriteInput: 1_250_000n, // $1.25
    cacheWrite12hInput: 2_500_000n, // $2.50
    output: 5_000_000n, // $5
  }),
  'text-embedding-3-small': { input: 20_000n, cachedInput: 20_000n, output: 0n }, // $0.02
};

/** Halves, so that every factor is a whole number: flex costs ½, fast (alias priority) 2, ultrafast 6. */
const tierHalves: Readonly<Record<string, bigint>> = { default: 2n, flex: 1n, fast: 4n, priority: 4n, ultrafast: 12n };

function tiered(standard: Required<TokenPrices>): (work: BilledWork) => TokenPrices {
  return ({ serviceTier, usage }) => {
    const halves = tierHalves[serviceTier ?? 'default'];
    if (halves === undefined) throw new Error(`this price list has no tier ${serviceTier}`);
    const isLong = usage.inputTokens > LONG_CONTEXT_ABOVE_TOKENS;
    const input = (pico: bigint) => (pico * halves * (isLong ? 2n : 1n)) / 2n;
    return {
      input: input(standard.input),
      cachedInput: input(standard.cachedInput),
      cacheWriteInput: input(standard.cacheWriteInput),
      cacheWrite12hInput: input(standard.cacheWrite12hInput),
      output: (standard.output * halves * (isLong ? 3n : 2n)) / 4n,
    };
  };
}
