import { multiplyRoundingUp } from '#platform/money.ts';
import type { PicoUsd } from '#platform/money.ts';
import type { TokenUsage } from '#protocol/usage.ts';
import { findPrice } from '#pricing/find-price.ts';
import { servedTierFactor } from '#pricing/service-tier.ts';
import { tokenRates } from '#pricing/token-rates.ts';
import type { Region } from '#pricing/token-rates.ts';
import { toolCost } from '#pricing/tool-prices.ts';
import type { ToolCalls } from '#pricing/tool-prices.ts';
import { findBadCount, unpriced } from '#pricing/unpriced.ts';
import type { Unpriced } from '#pricing/unpriced.ts';

/** A call as it was served. */
export interface ServedCall {
  /** The response's `model`, a snapshot or not. */
  readonly model: string;
  readonly usage: TokenUsage;
  /** The response's `service_tier`. @default 'default': a response without one was served at the standard tier */
  readonly serviceTier?: string | null;
  /** @default 'global' */
  readonly region?: Region;
  /** Went through the Batch API. @default false */
  readonly batch?: boolean;
  /** @default none */
  readonly toolCalls?: ToolCalls;
  /** When the call was reserved, so that bound and cost use the same row: a `Date`, or milliseconds since the epoch. */
  readonly at: Date | number;
}

/** Pico-dollars by kind; reasoning is within `output`. They sum to the total exactly. */
export interface CostComponents {
  readonly input: PicoUsd;
  readonly cachedInput: PicoUsd;
  readonly cacheWrite: PicoUsd;
  readonly output: PicoUsd;
  readonly tools: PicoUsd;
}

/** `row` is the price book's line, `<model>@<effectiveFrom>`. */
export type Cost =
  | { readonly priced: true; readonly pico: PicoUsd; readonly components: CostComponents; readonly row: string }
  | Unpriced;

/**
 * What a call cost, by the model and the tier that served it. A fraction of a pico-dollar rounds up, once a component.
 *
 * It cannot tell usage that is zero from usage that never came: where none came, do not ask for a cost.
 */
export function cost({ model, usage, serviceTier, region, batch, toolCalls = {}, at }: ServedCall): Cost {
  const bad = findBadCount({ ...usage, ...toolCalls }) ?? findContradiction(usage);
  if (bad !== undefined) return unpriced(bad);
  const row = findPrice(model, at);
  if (row === undefined) return unpriced(`no price for model ${JSON.stringify(model)}`);
  const tier = servedTierFactor(row, serviceTier, batch ?? false);
  if (!tier.priced) return tier;

  const rates = tokenRates(row, usage.inputTokens, tier.factor, region ?? 'global');
  if (rates.output === null && usage.outputTokens > 0) return unpriced(`${row.model} has no price for output tokens`);
  const plainTokens = usage.inputTokens - usage.cachedInputTokens - cacheWriteTokens(usage);
  const components: CostComponents = {
    input: multiplyRoundingUp(BigInt(plainTokens), rates.input),
    cachedInput: multiplyRoundingUp(BigInt(usage.cachedInputTokens), rates.cachedInput),
    cacheWrite:
      multiplyRoundingUp(BigInt(usage.cacheWrite30mTokens), rates.cacheWrite30m) +
      multiplyRoundingUp(BigInt(usage.cacheWrite12hTokens), rates.cacheWrite12h),
    output: rates.output === null ? 0n : multiplyRoundingUp(BigInt(usage.outputTokens), rates.output),
    tools: toolCost(toolCalls),
  };
  const pico = components.input + components.cachedInput + components.cacheWrite + components.output + components.tools;
  return { priced: true, pico, components, row: row.id };
}

function cacheWriteTokens({ cacheWrite30mTokens, cacheWrite12hTokens }: TokenUsage): number {
  return cacheWrite30mTokens + cacheWrite12hTokens;
}

/** A part greater than its whole would make another part negative: money back that nobody gives. */
function findContradiction(usage: TokenUsage): string | undefined {
  const { inputTokens, cachedInputTokens, outputTokens, reasoningTokens } = usage;
  const parts = cachedInputTokens + cacheWriteTokens(usage);
  if (parts > inputTokens) {
    return `cached and cache-write tokens (${parts}) must be part of the input tokens (${inputTokens})`;
  }
  if (reasoningTokens > outputTokens) {
    return `reasoning tokens (${reasoningTokens}) must be part of the output tokens (${outputTokens})`;
  }
  return undefined;
}
