import { parseCacheControl } from '#cache/cache-control.ts';
import type { Receipt } from '#call/call.ts';
import { TooLarge, Unauthenticated } from '#platform/errors.ts';
import { formatUsd } from '#platform/money.ts';
import type { Platform } from '#platform/platform.ts';
import { deadlineAtMs, parseTimeoutWish } from '../call-deadline.ts';
import type { HttpAnswer } from '../http-chain.ts';
import type { HttpCall } from '../http-call.ts';
import type { RunEndpoint } from '../run-endpoint.ts';

/** Lambda's limit of a buffered reply is 6 MB, for the whole document. */
const MAX_REPLY_BYTES = 5_900_000;

/** Answers an HTTP call with an endpoint's output; the receipt becomes headers, on refusals too. */
export function httpAdapter(run: RunEndpoint, timeoutMs: number, { clock }: Platform): HttpAnswer {
  return async (call, context) => {
    if (!call.principal) throw new Unauthenticated();
    const nowMs = clock.nowMs();
    const wishedMs = parseTimeoutWish(call.headers['x-weir-timeout-ms']);
    const output = await run({
      input: call.input,
      principal: call.principal,
      requestId: call.requestId,
      deadlineAtMs: deadlineAtMs({
        nowMs,
        context,
        timeoutMs,
        requestTimeMs: call.requestTimeMs,
        ...(wishedMs !== undefined && { wishedMs }),
      }),
      killAtMs: nowMs + context.getRemainingTimeInMillis(),
      cacheWish: parseCacheControl(call.headers['cache-control']),
      settled: (receipt) => addReceiptHeaders(call, receipt),
    });
    const body = JSON.stringify(output);
    const bodyBytes = Buffer.byteLength(body);
    if (bodyBytes > MAX_REPLY_BYTES) {
      const message = `the reply would be ${bodyBytes} bytes long, but at most ${MAX_REPLY_BYTES} fit`;
      throw new TooLarge(message, { limitBytes: MAX_REPLY_BYTES, bodyBytes });
    }
    return { statusCode: 200, headers: { 'content-type': 'application/json' }, body };
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
