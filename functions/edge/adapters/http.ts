import { parseCacheControl } from '#cache/cache-control.ts';
import type { Receipt } from '#call/call.ts';
import { Unauthenticated } from '#platform/errors.ts';
import { formatUsd } from '#platform/money.ts';
import type { Platform } from '#platform/platform.ts';
import { callTimes, parseTimeoutWish } from '../call-deadline.ts';
import type { HttpAnswer } from '../http-chain.ts';
import { parseIdempotencyKey } from '../idempotency-key.ts';
import type { EndpointRequest, RunEndpoint } from '../run-endpoint.ts';

/**
 * Answers an HTTP call with an endpoint's output; the receipt becomes headers, on refusals too. With an `Idempotency-Key`
 * a repeat gets the first reply, headers and all, with one more that says so.
 */
export function httpAdapter(run: RunEndpoint, timeoutMs: number, { clock }: Platform): HttpAnswer {
  return async (call, context) => {
    if (!call.principal) throw new Unauthenticated();
    const wishedMs = parseTimeoutWish(call.headers['x-weir-timeout-ms']);
    const key = parseIdempotencyKey(call.headers['idempotency-key']);
    const request: EndpointRequest = {
      input: call.input,
      principal: call.principal,
      requestId: call.requestId,
      times: callTimes({
        nowMs: clock.nowMs(),
        context,
        timeoutMs,
        requestTimeMs: call.requestTimeMs,
        ...(wishedMs !== undefined && { wishedMs }),
      }),
      cacheWish: parseCacheControl(call.headers['cache-control']),
      ...(key !== undefined && { once: { key, input: call.input } }),
      settled: (receipt) => void Object.assign(call.replyHeaders, receiptHeaders(receipt)),
    };
    const { reply, isReplay } = await run(request, (output, receipt) => ({
      statusCode: 200,
      headers: { ...receiptHeaders(receipt), 'content-type': 'application/json' },
      body: JSON.stringify(output),
    }));
    return isReplay ? { ...reply, headers: { ...reply.headers, 'x-weir-replayed': 'true' } } : reply;
  };
}

function receiptHeaders({ entry, ageSeconds }: Receipt): Record<string, string> {
  return {
    'x-weir-call-id': entry.callId,
    'x-weir-cost-usd': formatUsd(entry.costPico),
    // The upstream's own word, and a header cannot carry every character.
    'x-weir-model': entry.model.replaceAll(/[^\x20-\x7e]/g, '?'),
    'x-weir-cache': entry.cache,
    'x-weir-attempts': String(entry.attempts.length),
    ...(ageSeconds !== undefined && { age: String(ageSeconds) }),
  };
}
