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
import type { Call } from './call.ts';
import type { Bound } from './cover.ts';

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
export function boundOf(request: ModelRequest, { id, terms }: Pick<Call, 'id' | 'terms'>): Bound {
  const most = request.kind === 'respond' ? request.maxOutputTokens : 0;
  const least = Math.min(most, terms.leastOutputTokens ?? most);
  return { pico: boundAt(request, most, id), leastPico: boundAt(request, least, id) };
}

/** The request with as much output as was covered: whole, or cut down to what a budget's remainder buys (L2). */
export function cutTo(coveredPico: bigint, bound: Bound, request: ModelRequest, callId: string): ModelRequest {
  if (request.kind !== 'respond' || coveredPico >= bound.pico) return request;
  const inputPico = boundAt(request, 0, callId);
  const perTokenPico = boundAt(request, 1, callId) - inputPico;
  return { ...request, maxOutputTokens: Number((coveredPico - inputPico) / perTokenPico) };
}

function boundAt(request: ModelRequest, maxOutputTokens: number, callId: string): bigint {
  const bound = upperBound({
    model: request.model,
    inputTokens: inputTokenBound(request),
    maxOutputTokens,
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
