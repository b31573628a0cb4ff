import type { CacheWish } from '#cache/cache-control.ts';
import type { Receipt } from '#call/call.ts';
import type { Platform } from '#platform/platform.ts';
import { formatUsd } from '#platform/money.ts';
import type { PassApi } from '#protocol/request.ts';
import { plainReply, requestOf, type TimeLimits } from '../adapters/http.ts';
import { openStream, type StreamForm } from '../adapters/http-stream.ts';
import type { HttpAnswer } from '../http-chain.ts';
import { receiptHeaders } from '../receipt-headers.ts';
import type { RunEndpoint } from '../run-endpoint.ts';
import { CACHE_WISH_HEADER, readCacheWish } from './cache-wish-header.ts';
import { openAiErrorEvent } from './openai-error.ts';
import { readPassRequest } from './read-pass-request.ts';

/** Answers a call in OpenAI's own words: a JSON reply or a stream, as its body asks. */
export function openAiAdapter(
  run: RunEndpoint,
  { api, ...limits }: TimeLimits & { readonly api: PassApi },
  platform: Platform,
): HttpAnswer {
  return async (call, context) => {
    const policy = call.principal?.policy;
    const input = readPassRequest(api, call.input, { limits: limits.limits, policy, nowMs: platform.clock.nowMs() });
    const wishSeconds = readCacheWish(call.headers[CACHE_WISH_HEADER], policy?.cacheSeconds);
    // What only OpenAI has may be another thing the next time: a conversation goes on.
    const cacheSeconds = input.refersToStored ? undefined : wishSeconds;
    const given = requestOf(call, context, { ...limits, isStream: input.isStream }, platform);
    const request = { ...given, input, ...(cacheSeconds !== undefined && keptFor(cacheSeconds, given.cacheWish)) };
    if (input.isStream) return openStream(run, request, call, platform, streamForm(api, call.requestId));
    return plainReply(run, request, call, (output, receipt) => ({
      statusCode: 200,
      headers: { ...receiptHeaders(receipt), 'content-type': 'application/json' },
      body: output as string,
    }));
  };
}

/** An answer that may be kept for so long is also none that was kept longer, under another wish. */
function keptFor(cacheSeconds: number, cacheWish: CacheWish) {
  return {
    cacheSeconds,
    cacheWish: { ...cacheWish, maxAgeSeconds: Math.min(cacheWish.maxAgeSeconds, cacheSeconds) },
  };
}

/** The upstream's own bytes, and behind them what they cost, as a comment that no client takes for an event. */
function streamForm(api: PassApi, requestId: string): StreamForm {
  return {
    part(event) {
      if (event.type === 'bytes') return event.bytes;
      return event.type === 'body' ? event.text : undefined;
    },
    done: (_output, receipt) => costComment(receipt),
    failed: (error, receipt) => {
      const event = openAiErrorEvent(api, error, requestId).toString();
      return receipt ? event + costComment(receipt) : event;
    },
  };
}

function costComment({ entry, ageSeconds }: Receipt): string {
  const { callId, costPico, basis, cache } = entry;
  const facts = { callId, costUsd: formatUsd(costPico), basis, cache, ...(ageSeconds !== undefined && { ageSeconds }) };
  return `: weir ${JSON.stringify(facts)}\n\n`;
}
