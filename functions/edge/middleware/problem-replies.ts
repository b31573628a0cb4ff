import type { Log } from '#platform/log.ts';
import type { HttpMiddleware } from '../http-middleware.ts';
import { logUnplanned } from '../log-unplanned.ts';
import type { HttpReply } from '../http-call.ts';

/** Tells an error as a route does: `toProblem`, or `toOpenAiError`. */
export type ToErrorReply = (error: unknown, requestId: string) => HttpReply;

/** Turns whatever was thrown into a reply. An error that nobody planned is logged, by name and place only. */
export default function problemReplies(log: Log, toErrorReply: ToErrorReply): HttpMiddleware {
  return {
    onError(request) {
      const { error, event } = request;
      logUnplanned(error, event.requestId, log);
      request.response = toErrorReply(error, event.requestId);
    },
  };
}
