import { imageTokenBound } from '#context/image-bound.ts';
import { estimateTokens } from '#context/token-estimate.ts';
import { inputTokenBound } from '#context/token-bound.ts';
import type { Basis } from '#ledger/entry.ts';
import { mintedAtMs } from '#platform/call-id.ts';
import { ConfigurationError } from '#platform/errors.ts';
import { cost } from '#pricing/cost.ts';
import { upperBound } from '#pricing/upper-bound.ts';
import type { CallEvent } from '#protocol/events.ts';
import type { ModelRequest, PassRequest } from '#protocol/request.ts';
import { eachRequestText, isImagePlace, mapEventTexts } from '#protocol/texts.ts';
import { noUsage, type TokenUsage } from '#protocol/usage.ts';
import type { Reply } from '#upstream/from-openai.ts';
import type { Seen } from '#upstream/seen.ts';
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
  const most = request.kind === 'embed' ? 0 : request.maxOutputTokens;
  const least = Math.min(most, terms.leastOutputTokens ?? most);
  return { pico: boundAt(request, most, id), leastPico: boundAt(request, least, id) };
}

/** The request with as much output as was covered: whole, or cut down to what a budget's remainder buys (L2). */
export function cutTo(coveredPico: bigint, bound: Bound, request: ModelRequest, callId: string): ModelRequest {
  if (request.kind === 'embed' || coveredPico >= bound.pico) return request;
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
    ...(request.kind === 'pass' && {
      choices: request.choices,
      serviceTier: request.serviceTier,
      cacheTtl: request.promptCacheTtl,
    }),
    at: mintedAtMs(callId),
  });
  if (!bound.priced) throw new ConfigurationError(`the call cannot be priced, so it was not made: ${bound.reason}`);
  return bound.pico;
}

/**
 * The price of an answered attempt, by the model and tier that served it. An answer without usage is priced by an estimate;
 * one that was served by something without a price, or whose input nobody here can count, counts at its bound.
 */
export function priceAnswer(request: ModelRequest, reply: Reply, boundPico: bigint, callId: string): AttemptPrice {
  const { served } = reply;
  const usage = served.usage ?? estimateUsage(request, reply);
  const price = cost({
    model: served.model || request.model,
    usage,
    ...(served.serviceTier !== undefined && { serviceTier: served.serviceTier }),
    at: mintedAtMs(callId),
  });
  if (!price.priced) return { costPico: boundPico, basis: 'unknown', usage };
  if (served.usage) return { costPico: price.pico, basis: 'exact', priceRow: price.row, usage };
  if (isUncountable(request)) return { costPico: boundPico, basis: 'unknown', priceRow: price.row, usage };
  // OpenAI was told not to write more than is held.
  const costPico = price.pico < boundPico ? price.pico : boundPico;
  return { costPico, basis: 'estimated', priceRow: price.row, usage };
}

/** The answer may be longer than it looks: a model that thinks writes what nobody sees, at about this speed. */
const THINKING_TOKENS_PER_SECOND = 100;
const BYTES_PER_TOKEN = 4;

function estimateUsage(request: ModelRequest, { events, seen }: Reply): TokenUsage {
  let inputTokens = request.kind === 'pass' ? givenTokens(request) : 0;
  eachRequestText(request, (text, place) => {
    inputTokens += isImagePlace(place) ? imageTokenBound(request.model) : estimateTokens(text);
  });
  if (request.kind === 'embed') return { ...noUsage, inputTokens };
  const outputTokens = seen ? seenTokens(seen) : eventTokens(events);
  return {
    ...noUsage,
    inputTokens,
    outputTokens: Math.min(outputTokens, request.maxOutputTokens * choicesOf(request)),
  };
}

/** It refers to input that only OpenAI has: nobody here can say what was read. */
function isUncountable(request: ModelRequest): boolean {
  if (request.kind === 'pass') return request.refersToStored;
  return request.kind === 'respond' && request.previousResponseId !== undefined;
}

/** Texts to be embedded may come as tokens. */
function givenTokens({ api, body }: PassRequest): number {
  if (api !== 'embeddings' || !Array.isArray(body['input'])) return 0;
  return (body['input'] as unknown[]).flat().filter((token) => typeof token === 'number').length;
}

/** A model writes about a token a piece, where its pieces were seen, and never fewer than its bytes tell. */
function seenTokens({ outputBytes, pieces, silentMs }: Seen): number {
  const written = Math.max(pieces, Math.ceil(outputBytes / BYTES_PER_TOKEN));
  return written + Math.ceil((silentMs / 1000) * THINKING_TOKENS_PER_SECOND);
}

function eventTokens(events: readonly CallEvent[]): number {
  let tokens = 0;
  for (const event of events) {
    mapEventTexts(event, (text) => {
      tokens += estimateTokens(text);
      return text;
    });
  }
  return tokens;
}

function choicesOf(request: ModelRequest): number {
  return request.kind === 'pass' ? request.choices : 1;
}
