import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { DeadlineExceeded } from '#platform/errors.ts';
import type { Config } from '#platform/config.ts';
import type { Log } from '#platform/log.ts';
import type { LambdaHandler } from './entry-handler.ts';
import type { InvocationContext } from './invocation-context.ts';
import { toHttpCall, type GatewayEvent, type HttpCall, type HttpReply, type StreamedReply } from './http-call.ts';
import type { HttpMiddleware } from './http-middleware.ts';
import limitReply from './middleware/limit-reply.ts';
import limitRequest from './middleware/limit-request.ts';
import problemReplies, { type ToErrorReply } from './middleware/problem-replies.ts';
import replyHeaders from './middleware/reply-headers.ts';

/** Answers a call that went through the chain. */
export type HttpAnswer = (call: HttpCall, context: InvocationContext) => Promise<HttpReply | StreamedReply>;

/** What a chain is made of. */
export interface ChainParts {
  readonly log: Log;
  readonly config: Pick<Config, 'corsOrigin'>;
  /** In their order. */
  readonly middlewares: readonly HttpMiddleware[];
  readonly answer: HttpAnswer;
  readonly toErrorReply: ToErrorReply;
}

/**
 * Before the platform kills the process this much is left to send a reply. The money path's own deadline lies well before
 * it: this is the backstop for code that hangs elsewhere.
 */
const BACKSTOP_MS = 300;

/** Middy's own timeout, with which a chain ends what nothing else has ended. */
export const BACKSTOP = {
  timeoutEarlyInMillis: BACKSTOP_MS,
  timeoutEarlyResponse() {
    throw new DeadlineExceeded();
  },
};

/**
 * The Middy chain of an HTTP handler: reply headers and error replies around everything, then the given middlewares in
 * order. Money never flows through it: an early return skips every `after` hook.
 */
export function httpChain({ log, config, middlewares, answer, toErrorReply }: ChainParts): LambdaHandler {
  const chain = middy<HttpCall, HttpReply>(BACKSTOP)
    .use(limitReply())
    .use(replyHeaders(config))
    .use(problemReplies(log, toErrorReply))
    .use(limitRequest())
    .use([...middlewares])
    .handler((call, context) => answer(call, context) as Promise<HttpReply>);
  return (event, context) => chain(toHttpCall(event as GatewayEvent), context as Context);
}
