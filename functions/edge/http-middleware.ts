import type middy from '@middy/core';
import type { HttpCall, HttpReply } from './http-call.ts';

/** One middleware of the HTTP edge: sees the call before the handler, the reply after it, or the error. */
export type HttpMiddleware = middy.MiddlewareObj<HttpCall, HttpReply>;
