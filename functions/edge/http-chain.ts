import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { DeadlineExceeded } from '#platform/errors.ts';
import type { Log } from '#platform/log.ts';
import type { InvocationContext, LambdaHandler } from './entry-handler.ts';
import { toHttpCall, type GatewayEvent, type HttpCall, type HttpReply } from './http-call.ts';
import type { HttpMiddleware } from './http-middleware.ts';
import limitReply from './middleware/limit-reply.ts';
import problemReplies from './middleware/problem-replies.ts';
import replyHeaders from './middleware/reply-headers.ts';

/** Answers a call that went through the chain. */
export type HttpAnswer = (call: HttpCall, context: InvocationContext) => Promise<HttpReply>;

/**
 * Before the platform kills the process this much is left to send a reply. The money path's own deadline lies well before
 * it: this is the backstop for code that hangs elsewhere.
 */
const BACKSTOP_MS = 300;

/**
 * The Middy chain of an HTTP handler: reply headers and problem replies around everything, then the given middlewares in
 * order. Money never flows through it: an early return skips every `after` hook.
 */
export function httpChain(log: Log, middlewares: readonly HttpMiddleware[], answer: HttpAnswer): LambdaHandler {
  const chain = middy<HttpCall, HttpReply>({
    timeoutEarlyInMillis: BACKSTOP_MS,
    timeoutEarlyResponse() {
      throw new DeadlineExceeded();
    },
  })
    .use(limitReply())
    .use(replyHeaders())
    .use(problemReplies(log))
    .use([...middlewares])
    .handler((call, context) => answer(call, context));
  return (event, context) => chain(toHttpCall(event as GatewayEvent), context as Context);
}
