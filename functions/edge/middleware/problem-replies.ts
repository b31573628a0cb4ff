import { WeirError } from '#platform/errors.ts';
import type { Log } from '#platform/log.ts';
import { errorPlace } from '../error-place.ts';
import type { HttpMiddleware } from '../http-middleware.ts';
import { toProblem } from '../problem.ts';

/** Turns whatever was thrown into a problem reply. An error that nobody planned is logged, by name and place only. */
export default function problemReplies(log: Log): HttpMiddleware {
  return {
    onError(request) {
      const { error, event } = request;
      if (!(error instanceof WeirError)) {
        log.error('an unplanned error', { requestId: event.requestId, error: error?.name, at: errorPlace(error) });
      }
      request.response = toProblem(error, event.requestId);
    },
  };
}
