import { estimateTokens } from '#context/token-estimate.ts';
import { inputTokenBound } from '#context/token-bound.ts';
import type { Basis } from '#ledger/entry.ts';
import { mintedAtMs } from '#platform/call-id.ts';
import { ConfigurationError } from '#platform/errors.ts';
import { cost } from '#pricing/cost.ts';
import { upperBound } from '#pricing/upper-bound.ts';
import type { CallEvent } from '#protocol/events.ts';
import type { ModelRequest } from '#protocol/request.ts';
import { eachRequestText, mapEventTexts } from '#protocol/texts.ts';
import { noUsage, type TokenUsage } from '#protocol/usage.ts';
import type { Served } from '#upstream/served.ts';

/** What an attempt costs, how sure that is, and by which price row and usage. */
export interface AttemptPrice {
  readonly costPico: bigint;
  readonly basis: Basis;
  readonly priceRow?: string;
  readonly usage?: TokenUsage;
}

/**
 * The most that one attempt can cost, in pico-USD: what must be held before it is sent.
 * @throws ConfigurationError for a model without a price: it is refused, never free (L9)
 */
export function boundOf(request: ModelRequest, callId: string): bigint {
  const bound = upperBound({
    model: request.model,
    inputTokens: inputTokenBound(request),
    maxOutputTokens: request.kind === 'respond' ? request.maxOutputTokens : 0,
    serviceTier: 'default',
    at: mintedAtMs(callId),
  });
  if (!bound.priced) throw new ConfigurationError(`the call cannot be priced, so it was not made: ${bound.reason}`);
  return bound.pico;
}

/**
 * The price of an answered attempt, by the model and tier that served it. An answer without usage is priced by an estimate;
 * one that was served by something without a price counts at its bound.
 */
export function priceAnswer(
  request: ModelRequest,
  served: Served,
  events: readonly CallEvent[],
  boundPico: bigint,
  callId: string,
): AttemptPrice {
  const usage = served.usage ?? estimateUsage(request, events);
  const price = cost({
    model: served.model,
    usage,
    ...(served.serviceTier !== undefined && { serviceTier: served.serviceTier }),
    at: mintedAtMs(callId),
  });
  if (!price.priced) return { costPico: boundPico, basis: 'unknown', usage };
  return { costPico: price.pico, basis: served.usage ? 'exact' : 'estimated', priceRow: price.row, usage };
}

function estimateUsage(request: ModelRequest, events: readonly CallEvent[]): TokenUsage {
  let inputTokens = 0;
  let outputTokens = 0;
  eachRequestText(request, (text) => (inputTokens += estimateTokens(text)));
  for (const event of events) {
    mapEventTexts(event, (text) => {
      outputTokens += estimateTokens(text);
      return text;
    });
  }
  return { ...noUsage, inputTokens, outputTokens };
}
