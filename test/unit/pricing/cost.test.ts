import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatUsd, parseUsd } from '#platform/money.ts';
import { cost } from '#pricing/cost.ts';
import type { Cost, ServedCall } from '#pricing/cost.ts';
import { addUsage, noUsage } from '#protocol/usage.ts';
import type { TokenUsage } from '#protocol/usage.ts';
import { anyModel, anyUsage } from '#test/support/pricing.ts';

const at = Date.parse('2026-11-01');
const million = 1_000_000;

function served(call: Partial<Omit<ServedCall, 'usage'>> & { readonly usage?: Partial<TokenUsage> }): ServedCall {
  return { model: 'gpt-6-luna', at, ...call, usage: { ...noUsage, ...call.usage } };
}

function priced(result: Cost): Extract<Cost, { priced: true }> {
  if (!result.priced) throw new Error(`not priced: ${result.reason}`);
  return result;
}

function usd(call: Parameters<typeof served>[0]): string {
  return formatUsd(priced(cost(served(call))).pico);
}

test('L10 each kind of token has its price, and reasoning is output', () => {
  const usage = {
    inputTokens: 1000,
    cachedInputTokens: 200,
    cacheWrite30mTokens: 100,
    cacheWrite12hTokens: 10,
    outputTokens: 50,
    reasoningTokens: 40,
  };
  const { components, pico, row } = priced(cost(served({ model: 'gpt-6.1-terra', usage })));
  expect(components).toEqual({
    input: parseUsd('0.00069'), // 690 × $1
    cachedInput: parseUsd('0.00001'), // 200 × $0.05
    cacheWrite: parseUsd('0.00015'), // 100 × $1.25 + 10 × $2.50
    output: parseUsd('0.00025'), // 50 × $5
    tools: 0n,
  });
  expect(formatUsd(pico)).toBe('0.0011');
  expect(row).toBe('gpt-6.1-terra@2026-10-26');
});

test('L10 without a cached price cached tokens cost as input, and so do cache writes before gpt-5.6', () => {
  const all = { inputTokens: million };
  expect(usd({ model: 'gpt-5.2-pro', usage: { ...all, cachedInputTokens: million } })).toBe('21');
  expect(usd({ model: 'gpt-5.2', usage: { ...all, cacheWrite30mTokens: million } })).toBe('1.75');
  expect(usd({ model: 'gpt-5.2', usage: { ...all, cacheWrite12hTokens: million } })).toBe('1.75');
});

test('L10 the whole request costs more above 272,000 input tokens, and not at 272,000', () => {
  const usage = {
    cachedInputTokens: 1000,
    cacheWrite30mTokens: 1000,
    cacheWrite12hTokens: 1000,
    outputTokens: 1000,
  };
  const at272000 = priced(cost(served({ model: 'gpt-6.1-terra', usage: { ...usage, inputTokens: 272_000 } })));
  const above = priced(cost(served({ model: 'gpt-6.1-terra', usage: { ...usage, inputTokens: 272_001 } })));
  expect(formatUsd(at272000.components.input)).toBe('0.269');
  expect(formatUsd(above.components.input)).toBe('0.538002');
  expect(above.components.cachedInput).toBe(2n * at272000.components.cachedInput);
  expect(above.components.cacheWrite).toBe(2n * at272000.components.cacheWrite);
  expect(2n * above.components.output).toBe(3n * at272000.components.output);
});

test('L10 a model without long-context terms costs the same a token at any length', () => {
  expect(usd({ model: 'gpt-4.1', usage: { inputTokens: 900_000, outputTokens: 1000 } })).toBe('1.808');
});

test.each([
  [undefined, '0.6'],
  [null, '0.6'],
  ['default', '0.6'],
  ['standard', '0.6'],
  ['auto', '0.6'],
  ['flex', '0.3'],
  ['batch', '0.3'],
  ['fast', '1.2'],
  ['priority', '1.2'],
  ['ultrafast', '3.6'],
])('L10 the served tier %s makes $0.6 cost $%s', (serviceTier, expected) => {
  const usage = { inputTokens: 100_000, outputTokens: 100_000 };
  expect(usd({ model: 'gpt-6.1-terra', usage, ...(serviceTier !== undefined && { serviceTier }) })).toBe(expected);
});

test('L10 the factor of a tier is its row’s own', () => {
  const usage = { inputTokens: 100_000 };
  expect(usd({ model: 'gpt-5.5', serviceTier: 'priority', usage })).toBe('1.25');
  expect(usd({ model: 'gpt-4o-mini', serviceTier: 'priority', usage })).toBe('0.025');
  expect(usd({ model: 'gpt-6.2-sol', serviceTier: 'ultrafast', usage, at: Date.parse('2027-02-28') })).toBe('0.6');
  expect(usd({ model: 'gpt-6.2-sol', serviceTier: 'ultrafast', usage, at: Date.parse('2027-03-01') })).toBe('1.2');
});

test('L10 the Batch API halves once, whatever tier the response names', () => {
  const usage = { inputTokens: 100_000, outputTokens: 100_000 };
  expect(usd({ model: 'gpt-6.1-terra', usage, batch: true })).toBe('0.3');
  expect(usd({ model: 'gpt-6.1-terra', usage, batch: true, serviceTier: 'default' })).toBe('0.3');
  expect(usd({ model: 'gpt-6.1-terra', usage, batch: true, serviceTier: 'flex' })).toBe('0.3');
});

test('L10 data residency, long context and tier multiply', () => {
  const usage = { inputTokens: million, outputTokens: 100_000 };
  expect(usd({ model: 'gpt-6.1-terra', usage, region: 'regional' })).toBe('3.025'); // (2 + 0.75) × 1.1
  expect(usd({ model: 'gpt-6.1-terra', usage, region: 'regional', serviceTier: 'flex' })).toBe('1.5125');
});

test('L10 tool calls cost the same in every tier and region', () => {
  const toolCalls = { webSearch: 3, fileSearch: 2 };
  expect(usd({ toolCalls })).toBe('0.035');
  expect(usd({ toolCalls, serviceTier: 'fast', region: 'regional' })).toBe('0.035');
});

test('L10 a snapshot, as the response names it, costs what its model does', () => {
  const usage = { inputTokens: 12_345, outputTokens: 678 };
  const snapshot = cost(served({ model: 'gpt-6.1-sol-2026-09-29', usage }));
  expect(snapshot).toEqual(cost(served({ model: 'gpt-6.1-sol', usage })));
});

test('a free model costs nothing, and says which line said so', () => {
  const moderation = priced(cost(served({ model: 'omni-moderation-latest' })));
  expect([moderation.pico, moderation.row]).toEqual([0n, 'omni-moderation-latest@undated']);
});

test.each([
  ['no price for model "gpt-7"', { model: 'gpt-7' }],
  ['no price for model "gpt-6-luna"', { at: Date.parse('2026-09-21T23:59:59.999Z') }],
  ['service tier "turbo" is not in the price book', { serviceTier: 'turbo' }],
  ['service tier "__proto__" is not in the price book', { serviceTier: '__proto__' }],
  ['service tier "scale" is capacity bought in advance', { serviceTier: 'scale' }],
  [
    'text-embedding-3-small has no price at service tier "fast"',
    { model: 'text-embedding-3-small', serviceTier: 'fast' },
  ],
  ['the Batch API has no service tier "priority"', { batch: true, serviceTier: 'priority' }],
  ['text-embedding-3-small has no price for output', { model: 'text-embedding-3-small', usage: { outputTokens: 1 } }],
  ['inputTokens must be a whole number of at least 0, but -1', { usage: { inputTokens: -1 } }],
  ['outputTokens must be a whole number of at least 0, but 0.5', { usage: { outputTokens: 0.5 } }],
  ['inputTokens must be a whole number of at least 0, but NaN', { usage: { inputTokens: Number.NaN } }],
  ['inputTokens must be a whole number of at least 0, but Infinity', { usage: { inputTokens: Infinity } }],
  ['webSearch must be a whole number of at least 0, but -3', { toolCalls: { webSearch: -3 } }],
  ['tokens (11) must be part of the input tokens (10)', { usage: { inputTokens: 10, cachedInputTokens: 11 } }],
  [
    'tokens (12) must be part of the input tokens (10)',
    { usage: { inputTokens: 10, cachedInputTokens: 6, cacheWrite30mTokens: 3, cacheWrite12hTokens: 3 } },
  ],
  ['reasoning tokens (6) must be part of the output tokens (5)', { usage: { outputTokens: 5, reasoningTokens: 6 } }],
])('L9 refused, and never $0: %s', (reason, call) => {
  const result = cost(served({ usage: { inputTokens: 10 }, ...call }));
  expect(result).toEqual({ priced: false, reason: expect.stringContaining(reason) });
});

test('L10 the components sum to the total, and more of anything never costs less', () => {
  fc.assert(
    fc.property(anyModel(at), anyUsage(600_000), anyUsage(600_000), (model, usage, more) => {
      const hasOutput = !/^(?:text|omni)/.test(model);
      const priceOf = (of: TokenUsage) =>
        priced(cost({ model, at, usage: hasOutput ? of : { ...of, outputTokens: 0, reasoningTokens: 0 } }));
      const some = priceOf(usage);
      const all = priceOf(addUsage(usage, more));
      expect(Object.values(some.components).reduce((sum, part) => sum + part, 0n)).toBe(some.pico);
      expect(all.pico >= some.pico).toBe(true);
    }),
    { seed: 20_261_122, numRuns: 500 },
  );
});

test('L3 the costs of 100,000 small calls sum to the cost of all their tokens', () => {
  let total = 0n;
  for (let call = 0; call < 100_000; call += 1) {
    total += priced(cost(served({ usage: { inputTokens: 137, cachedInputTokens: 100, outputTokens: 41 } }))).pico;
  }
  expect(formatUsd(total)).toBe('2.52'); // 100,000 × (37 × $0.10 + 100 × $0.01 + 41 × $0.50) / 1,000,000
});
