import { multiplyRoundingUp } from '#platform/money.ts';
import type { PicoUsd } from '#platform/money.ts';
import { findPrice } from '#pricing/find-price.ts';
import { boundTierFactor } from '#pricing/service-tier.ts';
import { tokenRates } from '#pricing/token-rates.ts';
import type { Region } from '#pricing/token-rates.ts';
import { toolCost } from '#pricing/tool-prices.ts';
import type { ToolCalls } from '#pricing/tool-prices.ts';
import { findBadCount, unpriced } from '#pricing/unpriced.ts';
import type { Unpriced } from '#pricing/unpriced.ts';

/** A request, known only by its limits. */
export interface BoundedCall {
  readonly model: string;
  readonly inputTokens: number;
  /** Of one choice. */
  readonly maxOutputTokens: number;
  /** OpenAI's `n`. @default 1 */
  readonly choices?: number;
  /** As sent. @default 'auto', which holds the fast tier's price; see `boundTierFactor` */
  readonly serviceTier?: string | null;
  /** @default 'global' */
  readonly region?: Region;
  /** Goes to the Batch API. @default false */
  readonly batch?: boolean;
  /** The longest `prompt_cache_options.ttl` the request asks for, breakpoints included. @default '30m', as OpenAI's */
  readonly cacheTtl?: '30m' | '12h';
  /** At most. @default none */
  readonly toolCalls?: ToolCalls;
  /** When the call is made: a `Date`, or milliseconds since the epoch. */
  readonly at: Date | number;
}

export type UpperBound = { readonly priced: true; readonly pico: PicoUsd; readonly rows: readonly string[] } | Unpriced;

/**
 * The most that a request can cost, in pico-dollars: what a reservation holds.
 *
 * `[in × max(input, cacheWrite) × (long ? 2 : 1) + n × maxOut × output × (long ? 1.5 : 1)] × tier × region + tools`
 *
 * `cost` of any usage within these limits, priced at the same `at`, is never more. For that the price of one token is
 * rounded up here, where `cost` rounds a component: ⌈a·r⌉ + ⌈b·r⌉ ≤ (a + b)·⌈r⌉.
 */
export function upperBound(call: BoundedCall): UpperBound {
  const { model, inputTokens, maxOutputTokens, choices = 1, toolCalls = {} } = call;
  const bad = findBadCount({ inputTokens, maxOutputTokens, choices, ...toolCalls });
  if (bad !== undefined) return unpriced(bad);
  if (choices === 0) return unpriced('choices must be at least 1, but 0 was provided');
  const row = findPrice(model, call.at);
  if (row === undefined) return unpriced(`no price for model ${JSON.stringify(model)}`);
  const tier = boundTierFactor(row, call.serviceTier, call.batch ?? false);
  if (!tier.priced) return tier;

  const rates = tokenRates(row, inputTokens, tier.factor, call.region ?? 'global');
  if (rates.output === null && maxOutputTokens > 0) return unpriced(`${row.model} has no price for output tokens`);
  const perInputToken = multiplyRoundingUp(1n, rates.input);
  const perWrittenToken = multiplyRoundingUp(1n, call.cacheTtl === '12h' ? rates.cacheWrite12h : rates.cacheWrite30m);
  const dearestInput = perWrittenToken > perInputToken ? perWrittenToken : perInputToken;
  const perOutputToken = rates.output === null ? 0n : multiplyRoundingUp(1n, rates.output);
  const outputTokens = BigInt(choices) * BigInt(maxOutputTokens);
  return {
    priced: true,
    pico: BigInt(inputTokens) * dearestInput + outputTokens * perOutputToken + toolCost(toolCalls),
    rows: [row.id],
  };
}
