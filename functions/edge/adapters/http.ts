import { parseCacheControl } from '#cache/cache-control.ts';
import type { Receipt } from '#call/call.ts';
import { Unauthenticated } from '#platform/errors.ts';
import { formatUsd } from '#platform/money.ts';
import type { Platform } from '#platform/platform.ts';
import { callTimes, parseTimeoutWish } from '../call-deadline.ts';
import type { HttpAnswer } from '../http-chain.ts';
import type { HttpCall } from '../http-call.ts';
import type { RunEndpoint } from '../run-endpoint.ts';

/** Answers an HTTP call with an endpoint's output; the receipt becomes headers, on refusals too. */
export function httpAdapter(run: RunEndpoint, timeoutMs: number, { clock }: Platform): HttpAnswer {
  return async (call, context) => {
    if (!call.principal) throw new Unauthenticated();
    const wishedMs = parseTimeoutWish(call.headers['x-weir-timeout-ms']);
    const output = await run({
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
      settled: (receipt) => addReceiptHeaders(call, receipt),
    });
    return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(output) };
  };
}

function addReceiptHeaders({ replyHeaders }: HttpCall, { entry, ageSeconds }: Receipt): void {
  replyHeaders['x-weir-call-id'] = entry.callId;
  replyHeaders['x-weir-cost-usd'] = formatUsd(entry.costPico);
  // The upstream's own word, and a header cannot carry every character.
  replyHeaders['x-weir-model'] = entry.model.replaceAll(/[^\x20-\x7e]/g, '?');
  replyHeaders['x-weir-cache'] = entry.cache;
  replyHeaders['x-weir-attempts'] = String(entry.attempts.length);
  if (ageSeconds !== undefined) replyHeaders['age'] = String(ageSeconds);
}
