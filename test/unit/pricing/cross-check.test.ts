import { calcPrice } from '@pydantic/genai-prices';
import { expect, test } from 'vitest';
import { formatUsd } from '#platform/money.ts';
import { cost } from '#pricing/cost.ts';
import { isPriced } from '#pricing/find-price.ts';
import { priceBook } from '#pricing/price-book.ts';
import { parsePriceLine } from '#pricing/price-row.ts';
import { noUsage } from '#protocol/usage.ts';
import type { TokenUsage } from '#protocol/usage.ts';
import litellm from '#test/support/data/litellm-crosscheck.json' with { type: 'json' };

const million = 1_000_000;
/** Below every long-context threshold, and a divisor of a million. */
const some = 200_000;

function usdOf(call: Parameters<typeof cost>[0]): number | undefined {
  const result = cost(call);
  return result.priced ? Number(formatUsd(result.pico)) : undefined;
}

interface LitellmRow {
  readonly [key: string]: string | readonly (string | null)[] | undefined;
}

/** Models whose other modalities or per-call fees the book cannot express; they are refused instead. */
const refused = new Set([
  'gpt-4o-search-preview',
  'gpt-audio-mini',
  'gpt-4o-mini-tts',
  'gpt-4o-transcribe',
  'gpt-4o-mini-transcribe',
  'gpt-image-1.5',
  'gpt-image-2',
]);

/** Where the book and LiteLLM differ, and who is right. */
const litellmDiffers: Readonly<Record<string, string>> = {
  'gpt-5.5 priority': 'OpenAI publishes 2.5 × (12.50 / 1.25 / 75); LiteLLM has 2 ×',
  'gpt-5.4-pro cr': 'OpenAI gives pro models no cached discount; LiteLLM has a tenth',
  'gpt-5.5-pro cr': 'the same',
  'gpt-5.5-pro above272k': 'the same, in its cached column',
  'gpt-5.4 flex': 'LiteLLM rounds half of 0.25 to 0.13',
};

test('the prices of LiteLLM’s list are the book’s, but for the differences named here', () => {
  const at = Date.parse('2026-07-10');
  const differences: string[] = [];
  for (const [model, list] of Object.entries(litellm.rows as Readonly<Record<string, LitellmRow>>)) {
    expect(isPriced(model, at), model).toBe(!refused.has(model));
    if (refused.has(model)) continue;
    const perMillion = (usage: Partial<TokenUsage>, serviceTier: string): number | undefined => {
      const price = usdOf({ model, at, serviceTier, usage: { ...noUsage, ...usage } });
      return price === undefined ? undefined : Number(((price * million) / some).toFixed(9));
    };
    const short = (serviceTier: string) => [
      perMillion({ inputTokens: some }, serviceTier),
      perMillion({ inputTokens: some, cachedInputTokens: some }, serviceTier),
      perMillion({ outputTokens: some }, serviceTier),
    ];
    const long = () => {
      const usage = { ...noUsage, inputTokens: million };
      const base = usdOf({ model, at, usage }) ?? 0;
      return [
        base,
        usdOf({ model, at, usage: { ...usage, cachedInputTokens: million } }),
        ...(list['cw'] === undefined ? [] : [usdOf({ model, at, usage: { ...usage, cacheWrite30mTokens: million } })]),
        Number(((usdOf({ model, at, usage: { ...usage, outputTokens: million } }) ?? 0) - base).toFixed(9)),
      ];
    };
    const write = [perMillion({ inputTokens: some, cacheWrite30mTokens: some }, 'default')];
    const [input, cached, output] = short('default');
    const ours: Record<string, readonly (number | undefined)[]> = {
      in: [input],
      cr: [cached],
      cw: write,
      out: [output],
    };
    for (const tier of ['flex', 'batch', 'priority']) ours[tier] = short(tier);
    ours['above272k'] = long();

    for (const [key, prices] of Object.entries(ours)) {
      const theirs = list[key];
      if (theirs === undefined) continue;
      const same = [theirs].flat().every((price, index) => price === null || Number(price) === prices[index]);
      if (!same) differences.push(`${model} ${key}`);
    }
  }
  expect(differences.toSorted()).toEqual(Object.keys(litellmDiffers).toSorted());
});

/** Where the book and genai-prices differ, and why. */
const genaiDiffers: Readonly<Record<string, string>> = {
  'gpt-5.4-mini@undated': 'the book holds to the rule for gpt-5.4 and later; genai-prices has no long-context price',
  'gpt-5.4-nano@undated': 'the same',
  'gpt-5.6-sol@2026-11-22': 'genai-prices keeps the promotional price, which was promised through 2026-11-21 only',
};

/** Models that genai-prices does not know: newer than its release. */
const unknownToGenai = ['gpt-6.2-astra', 'gpt-6.2-sol', 'gpt-6.1-terra', 'gpt-6.1-sol'];

test('the prices of genai-prices are the book’s, at each line’s own date, but for the differences named here', () => {
  const differences: string[] = [];
  const unknown = new Set<string>();
  for (const row of priceBook.map(parsePriceLine)) {
    if (row.free) continue;
    const output = row.outputPicoUsd === null ? 0 : 1000;
    const writes = row.cacheWrite30mPicoUsd === row.inputPicoUsd ? 0 : 3000;
    // At 271,999 and 272,000 input tokens genai-prices is at odds with itself: which side is long differs by model.
    for (const inputTokens of [9000, 271_998, 272_001, 500_000]) {
      const cachedInputTokens = row.cachedInputPicoUsd === row.inputPicoUsd ? 0 : 2000;
      const usage = { ...noUsage, inputTokens, cachedInputTokens, cacheWrite30mTokens: writes, outputTokens: output };
      const timestamp = new Date(row.effectiveFrom ?? '2026-11-01');
      const theirs = calcPrice(
        {
          input_tokens: inputTokens,
          output_tokens: output,
          ...(cachedInputTokens > 0 && { cache_read_tokens: cachedInputTokens }),
          ...(writes > 0 && { cache_write_tokens: writes }),
        },
        row.model,
        { providerId: 'openai', timestamp },
      );
      const ours = usdOf({ model: row.model, usage, at: timestamp });
      if (theirs === null) unknown.add(row.model);
      // It adds up floats: equal to nine digits is equal.
      else if (Math.abs(theirs.total_price - (ours ?? Infinity)) > 1e-9) differences.push(row.id);
    }
  }
  expect([...new Set(differences)].toSorted()).toEqual(Object.keys(genaiDiffers).toSorted());
  expect([...unknown].toSorted()).toEqual(unknownToGenai.toSorted());
});
