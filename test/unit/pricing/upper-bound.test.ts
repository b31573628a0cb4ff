import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatUsd } from '#platform/money.ts';
import { cost } from '#pricing/cost.ts';
import { upperBound } from '#pricing/upper-bound.ts';
import type { BoundedCall } from '#pricing/upper-bound.ts';
import { anyModel, anyUsage } from '#test/support/pricing.ts';

const at = Date.parse('2026-11-01');
const terra: BoundedCall = {
  model: 'gpt-6.1-terra',
  inputTokens: 1000,
  maxOutputTokens: 100,
  serviceTier: 'default',
  at,
};

function usd(call: Partial<BoundedCall>): string {
  const bound = upperBound({ ...terra, ...call });
  return bound.priced ? formatUsd(bound.pico) : bound.reason;
}

test('all input may be written to the cache, which is dearer than reading it', () => {
  expect(usd({})).toBe('0.00175'); // 1000 × $1.25 + 100 × $5
  expect(usd({ cacheTtl: '12h' })).toBe('0.003'); // 1000 × $2.50 + 100 × $5
  expect(usd({ model: 'gpt-5.2' })).toBe('0.00315'); // 1000 × $1.75 + 100 × $14: its cache writes are free
});

test('each choice may use all its output, and the input is read once', () => {
  expect(usd({ choices: 3 })).toBe('0.00275');
});

test('L10 above 272,000 input tokens all of it is long context', () => {
  expect(usd({ inputTokens: 272_000 })).toBe('0.3405');
  expect(usd({ inputTokens: 272_001 })).toBe('0.6807525');
});

test('tools are added after the factors of tier and region', () => {
  expect(usd({ serviceTier: 'fast', region: 'regional', toolCalls: { webSearch: 1, fileSearch: 1 } })).toBe('0.01635');
});

test('a tier is bounded by the dearest that may serve it', () => {
  expect(usd({ serviceTier: 'default' })).toBe('0.00175');
  expect(usd({ serviceTier: 'flex' })).toBe('0.00175'); // may come back as default
  expect(usd({ serviceTier: 'priority' })).toBe('0.0035');
  expect(usd({ serviceTier: 'ultrafast' })).toBe('0.0105');
  expect(usd({ serviceTier: 'auto' })).toBe('0.0035'); // the project's setting may be fast mode
  expect(usd({ serviceTier: null })).toBe('0.0035');
  expect(usd({ model: 'text-embedding-3-small', maxOutputTokens: 0, serviceTier: 'auto' })).toBe('0.00002');
  expect(usd({ batch: true, serviceTier: 'auto' })).toBe('0.000875');
});

test('the rows it used are named', () => {
  expect(upperBound(terra)).toMatchObject({ priced: true, rows: ['gpt-6.1-terra@2026-10-26'] });
});

test.each([
  ['no price for model "gpt-7"', { model: 'gpt-7' }],
  ['no price for model "gpt-6.1-terra"', { at: Date.parse('2026-10-25') }],
  ['service tier "turbo" is not in the price book', { serviceTier: 'turbo' }],
  ['service tier "scale" is capacity bought in advance', { serviceTier: 'scale' }],
  ['the Batch API has no service tier "fast"', { batch: true, serviceTier: 'fast' }],
  ['text-embedding-3-small has no price for output', { model: 'text-embedding-3-small' }],
  ['inputTokens must be a whole number of at least 0, but -1', { inputTokens: -1 }],
  ['maxOutputTokens must be a whole number of at least 0, but Infinity', { maxOutputTokens: Infinity }],
  ['choices must be at least 1, but 0', { choices: 0 }],
  ['fileSearch must be a whole number of at least 0, but 1.5', { toolCalls: { fileSearch: 1.5 } }],
])('L9 refused, and never $0: %s', (reason, call) => {
  expect(upperBound({ ...terra, ...call })).toEqual({ priced: false, reason: expect.stringContaining(reason) });
});

/** What each request may be served at: never a tier that its bound has not reckoned with. */
const servedAt = {
  auto: [undefined, 'default', 'flex', 'fast', 'priority'],
  default: ['default'],
  flex: ['flex', 'default'],
  priority: ['priority', 'default'],
  fast: ['priority', 'default'],
  ultrafast: ['ultrafast', 'priority', 'default'],
} as const;

test('L10 no usage within its limits costs more than the bound: any model, tier, region, choices and tools', () => {
  const calls = fc.record({
    model: anyModel(at),
    tier: fc.constantFrom(...(Object.keys(servedAt) as (keyof typeof servedAt)[])),
    served: fc.nat(),
    usage: anyUsage(400_000, 100_000),
    slackTokens: fc.nat(200_000),
    choices: fc.integer({ min: 1, max: 4 }),
    region: fc.constantFrom('global' as const, 'regional' as const),
    batch: fc.boolean(),
    webSearch: fc.nat(5),
  });
  let compared = 0;
  fc.assert(
    fc.property(calls, ({ model, tier, served, usage, slackTokens, choices, region, batch, webSearch }) => {
      const maxOutputTokens = Math.ceil(usage.outputTokens / choices) + slackTokens;
      const inputTokens = usage.inputTokens + slackTokens;
      const toolCalls = { webSearch };
      const hasOutput = !model.startsWith('text-embedding') && !model.startsWith('omni');
      const bound = upperBound({
        model,
        at,
        inputTokens,
        choices,
        region,
        batch,
        toolCalls,
        serviceTier: tier,
        maxOutputTokens: hasOutput ? maxOutputTokens : 0,
        cacheTtl: usage.cacheWrite12hTokens > 0 ? '12h' : '30m',
      });
      const serviceTier = servedAt[tier][served % servedAt[tier].length] ?? null;
      const actual = hasOutput ? usage : { ...usage, outputTokens: 0, reasoningTokens: 0 };
      const spent = cost({ model, at, usage: actual, region, batch, toolCalls, serviceTier });
      if (!bound.priced || !spent.priced) return;
      compared += 1;
      expect(spent.pico <= bound.pico).toBe(true);
    }),
    { seed: 20_261_122, numRuns: 3000 },
  );
  expect(compared).toBeGreaterThan(1500);
});

test('a greater limit never has a smaller bound', () => {
  fc.assert(
    fc.property(anyModel(at), fc.nat(400_000), fc.nat(400_000), fc.nat(10_000), (model, inputTokens, more, output) => {
      const maxOutputTokens = /^(?:text|omni)/.test(model) ? 0 : output;
      const small = upperBound({ model, at, inputTokens, maxOutputTokens });
      const large = upperBound({ model, at, inputTokens: inputTokens + more, maxOutputTokens: 2 * maxOutputTokens });
      expect(small.priced && large.priced && large.pico >= small.pico).toBe(true);
    }),
    { seed: 20_261_122 },
  );
});
