import type { HttpReply } from './http-call.ts';
import { knownError, maskedJson, retryHeaders } from './known-error.ts';
import { redactLine } from './redact-line.ts';

/** The problem document (RFC 9457) of an error, as JSON, masked: a field's name or value may be a secret too. */
export function problemJson(error: unknown, requestId: string): string {
  const known = knownError(error);
  const document = {
    type: `urn:weir:problem:${known.code.replaceAll('_', '-')}`,
    title: known.code.replaceAll('_', ' '),
    status: known.status,
    code: known.code,
    detail: known.message,
    requestId,
    ...known.details,
  };
  return maskedJson(document, redactLine);
}

/** An error as a problem. */
export function toProblem(error: unknown, requestId: string): HttpReply {
  const known = knownError(error);
  return {
    statusCode: known.status,
    headers: { 'content-type': 'application/problem+json', ...retryHeaders(known) },
    body: problemJson(known, requestId),
  };
}
