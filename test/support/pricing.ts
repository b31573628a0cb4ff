import * as fc from 'fast-check';
import { isPriced } from '#pricing/find-price.ts';
import { priceBook } from '#pricing/price-book.ts';
import type { TokenUsage } from '#protocol/usage.ts';

/** Any model that the book prices at this time. */
export function anyModel(at: number): fc.Arbitrary<string> {
  const models = new Set(priceBook.map(([model]) => model));
  return fc.constantFrom(...[...models].filter((model) => isPriced(model, at)));
}

/** Any consistent usage with at most so many input and output tokens. */
export function anyUsage(maxInputTokens: number, maxOutputTokens = maxInputTokens): fc.Arbitrary<TokenUsage> {
  const input = fc.tuple(
    fc.nat(maxInputTokens),
    fc.nat(maxInputTokens),
    fc.nat(maxInputTokens),
    fc.nat(maxInputTokens),
  );
  const output = fc.tuple(fc.nat(maxOutputTokens), fc.nat(maxOutputTokens));
  return fc.tuple(input, output).map(([[inputTokens, ...cuts], [outputTokens, reasoning]]) => {
    // Three cuts through the input make its four parts, so that no part exceeds the whole.
    const [a = 0, b = 0, c = 0] = cuts.map((cut) => Math.min(cut, inputTokens)).toSorted((x, y) => x - y);
    return {
      inputTokens,
      cachedInputTokens: a,
      cacheWrite30mTokens: b - a,
      cacheWrite12hTokens: c - b,
      outputTokens,
      reasoningTokens: Math.min(reasoning, outputTokens),
    };
  });
}
