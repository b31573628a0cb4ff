import { InvalidRequest, WeirError } from '#platform/errors.ts';
import type { HttpCall } from '../http-call.ts';
import type { HttpMiddleware } from '../http-middleware.ts';

/** API Gateway takes 10,240 bytes of request line and headers, and adds some headers of its own. */
const MAX_HEADER_CHARS = 16_384;
const MAX_TARGET_CHARS = 8_192;
/** No route knows half as many. */
const MAX_PARAMETERS = 32;

/**
 * Refuses a request that is too large in anything but its body, which `parseBody` measures. API Gateway has limits like these; what a
 * function does must not rest on what stands before it.
 */
export default function limitRequest(): HttpMiddleware {
  return {
    before(request) {
      const { headers, path, query, parameters } = request.event;
      const headerChars = charsOf(headers);
      if (headerChars > MAX_HEADER_CHARS) {
        const message = `headers must have at most ${MAX_HEADER_CHARS} characters together, but ${headerChars} were provided`;
        throw new WeirError('headers_too_large', 431, message);
      }
      limitTarget(path, query);
      const count = Object.keys(query).length + Object.keys(parameters).length;
      if (count > MAX_PARAMETERS) {
        const message = `a query must have at most ${MAX_PARAMETERS} parameters, but ${count} were provided`;
        throw new InvalidRequest([{ field: 'query', message }]);
      }
    },
  };
}

function limitTarget(path: string, query: HttpCall['query']): void {
  const chars = path.length + charsOf(query);
  if (chars <= MAX_TARGET_CHARS) return;
  const message = `path and query must have at most ${MAX_TARGET_CHARS} characters together, but ${chars} were provided`;
  throw new WeirError('target_too_long', 414, message);
}

function charsOf(members: Readonly<Record<string, string>>): number {
  let chars = 0;
  for (const name in members) chars += name.length + members[name]!.length;
  return chars;
}
