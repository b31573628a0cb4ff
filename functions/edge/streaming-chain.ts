import middy from '@middy/core';
import { executionModeStreamifyResponse } from '@middy/core/StreamifyResponse';
import type { InvocationContext } from './invocation-context.ts';
import { BACKSTOP, type ChainParts } from './http-chain.ts';
import { toHttpCall, type GatewayEvent, type HttpCall, type HttpReply } from './http-call.ts';
import type { StreamingHandler } from './lambda-stream.ts';
import limitRequest from './middleware/limit-request.ts';
import problemReplies from './middleware/problem-replies.ts';
import replyBytes from './middleware/reply-bytes.ts';
import replyHeaders from './middleware/reply-headers.ts';

type StreamedChain = (call: HttpCall, responseStream: unknown, context: InvocationContext) => Promise<void>;

/**
 * The Middy chain of a route that streams, its plain replies and errors too. Settles when nothing of the call runs any more: what a
 * caller who left would not hear is still recorded.
 */
export function streamingChain({ log, config, middlewares, answer, toErrorReply }: ChainParts): StreamingHandler {
  const chain = middy<HttpCall, HttpReply>({ ...BACKSTOP, executionMode: executionModeStreamifyResponse })
    .use(replyBytes())
    .use(replyHeaders(config))
    .use(problemReplies(log, toErrorReply))
    .use(limitRequest())
    .use([...middlewares])
    .handler((call, context) => answer(call, context) as Promise<HttpReply>) as unknown as StreamedChain;
  return async (event, responseStream, context) => {
    const gone = new AbortController();
    const hearClose = (): void => {
      if (!responseStream.writableFinished) gone.abort();
    };
    if (responseStream.destroyed) hearClose();
    responseStream.once('close', hearClose);
    // Whatever fails a stream closes it, which is heard above.
    responseStream.on('error', () => undefined);
    const call = toHttpCall(event as GatewayEvent, gone.signal);
    try {
      await chain(call, responseStream, context);
    } catch (error) {
      if (!gone.signal.aborted) throw error;
    } finally {
      await call.underWay?.catch(() => undefined);
    }
  };
}
