import type { PriceTable } from './scripted-bill.ts';

/**
 * What the scripted upstream charges: OpenAI's published prices on 2026-11-22, worked out by hand. USD per million tokens
 * are millionths of a dollar a token, so $0.10 is 100,000 pico-dollars. Nothing here comes from the price book under test.
 */
export const upstreamPrices: PriceTable = {
  'gpt-6-luna': {
    input: 100_000n, // $0.10
    cachedInput: 10_000n, // $0.01
    cacheWriteInput: 125_000n, // $0.125
    output: 500_000n, // $0.50
  },
  'gpt-5.6-luna': {
    input: 200_000n, // $0.20
    cachedInput: 20_000n, // $0.02
    cacheWriteInput: 250_000n, // $0.25
    output: 1_200_000n, // $1.20
  },
  'text-embedding-3-small': { input: 20_000n, cachedInput: 20_000n, output: 0n }, // $0.02
};
