import { parseCacheControl } from '#cache/cache-control.ts';
import { InvalidRequest, Unauthenticated } from '#platform/errors.ts';
import type { Platform } from '#platform/platform.ts';
import { callTimes, parseTimeoutWish } from '../call-deadline.ts';
import type { InvocationContext } from '../invocation-context.ts';
import type { HttpCall, HttpReply } from '../http-call.ts';
import type { HttpAnswer } from '../http-chain.ts';
import { parseIdempotencyKey } from '../idempotency-key.ts';
import { receiptHeaders } from '../receipt-headers.ts';
import type { EndpointRequest, RunEndpoint, ToReply } from '../run-endpoint.ts';
import type { EndpointSpec } from '../specs.ts';
import { gateOf } from '../stream-wish.ts';
import { streamReply } from './http-stream.ts';

/** The times that an endpoint's calls may take, and whether its route streams. */
export type TimeLimits = Pick<EndpointSpec, 'limits' | 'stream'>;

/** Answers an HTTP call with an endpoint's output: whole, or as it is made where the caller wishes that. */
export function httpAdapter(run: RunEndpoint, limits: TimeLimits, platform: Platform): HttpAnswer {
  return (call, context) => {
    const newGate = call.streamWish && gateOf(call.streamWish);
    const isStream = call.streamWish?.stream === true;
    const request = { ...requestOf(call, context, { ...limits, isStream }, platform), ...(newGate && { newGate }) };
    if (isStream) return streamReply(run, request, call, platform);
    return plainReply(run, request, call, (output, receipt) => ({
      statusCode: 200,
      headers: { ...receiptHeaders(receipt), 'content-type': 'application/json' },
      body: JSON.stringify(output),
    }));
  };
}

/** What every call is made of, whichever form its reply has. @throws Unauthenticated, InvalidRequest */
export function requestOf(
  call: HttpCall,
  context: InvocationContext,
  { limits, stream, isStream }: TimeLimits & { readonly isStream: boolean },
  { clock }: Platform,
): EndpointRequest {
  if (!call.principal) throw new Unauthenticated();
  const wishedMs = parseTimeoutWish(call.headers['x-weir-timeout-ms']);
  const key = parseIdempotencyKey(call.headers['idempotency-key']);
  if (isStream && key !== undefined) throw notForStreams();
  return {
    input: call.input,
    principal: call.principal,
    requestId: call.requestId,
    times: callTimes({
      nowMs: clock.nowMs(),
      context,
      timeoutMs: isStream && stream ? stream.timeoutMs : limits.timeoutMs,
      // API Gateway waits for a reply that streams as long as the function lives.
      ...(!stream && { requestTimeMs: call.requestTimeMs }),
      ...(wishedMs !== undefined && { wishedMs }),
    }),
    cacheWish: parseCacheControl(call.headers['cache-control']),
    gone: call.gone,
    ...(key !== undefined && { once: { key, input: comparable(call) } }),
    settled: (receipt) => void Object.assign(call.replyHeaders, receiptHeaders(receipt)),
  };
}

/**
 * Gives a reply whole; the receipt becomes headers, on refusals too. With an `Idempotency-Key` a repeat gets the first reply,
 * headers and all, with one more that says so.
 */
export async function plainReply(
  run: RunEndpoint,
  request: EndpointRequest,
  call: HttpCall,
  toReply: ToReply<HttpReply>,
): Promise<HttpReply> {
  const running = run(request, toReply);
  call.underWay = running;
  const { reply, isReplay } = await running;
  return isReplay ? { ...reply, headers: { ...reply.headers, 'x-weir-replayed': 'true' } } : reply;
}

/** What must be the same for two requests to be one call: the input, and when there is enough of its answer. */
function comparable({ input, streamWish }: HttpCall): unknown {
  return streamWish?.stop_when ? { input, stop_when: streamWish.stop_when } : input;
}

function notForStreams(): InvalidRequest {
  const message = 'Idempotency-Key is for replies that are given whole, but a stream was asked for';
  return new InvalidRequest([{ field: 'Idempotency-Key', message }]);
}
