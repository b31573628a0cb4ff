import { WeirError } from '#platform/errors.ts';
import type { HttpReply } from './http-call.ts';
import { redactLine } from './redact-line.ts';

/** What a caller is told of an error that nobody planned. */
const UNPLANNED = new WeirError('internal', 500, 'something went wrong inside; the request id tells us what');

/**
 * An error as a problem document (RFC 9457). The one place that turns errors into HTTP: what it does not know is a plain
 * 500, and whatever goes out is masked, for a field's name or value may be a secret too.
 */
export function toProblem(error: unknown, requestId: string): HttpReply {
  const known = error instanceof WeirError ? error : UNPLANNED;
  const document = {
    type: `urn:weir:problem:${known.code.replaceAll('_', '-')}`,
    title: known.code.replaceAll('_', ' '),
    status: known.status,
    code: known.code,
    detail: known.message,
    requestId,
    ...known.details,
  };
  return {
    statusCode: known.status,
    headers: {
      'content-type': 'application/problem+json',
      ...(known.shouldRetry === false && { 'x-should-retry': 'false' }),
      ...(known.retryAfterSeconds !== undefined && { 'retry-after': String(known.retryAfterSeconds) }),
    },
    // Each text by itself, because JSON's escapes hide where a secret begins (`\nsk-…`).
    body: JSON.stringify(document, (_name, value: unknown) => (typeof value === 'string' ? redactLine(value) : value)),
  };
}
