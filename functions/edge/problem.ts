import type { WeirError } from '#platform/errors.ts';
import type { HttpReply } from './http-call.ts';
import { maskedForm, maskedJson, retryHeaders, type Mask } from './known-error.ts';

/** The problem document (RFC 9457) of an error, as JSON, masked: a field's name or value may be a secret too. */
export function problemJson(error: unknown, requestId: string): string {
  return maskedForm(error, (known, mask) => printProblem(known, requestId, mask));
}

/** An error as a problem. */
export function toProblem(error: unknown, requestId: string): HttpReply {
  return maskedForm(error, (known, mask) => ({
    statusCode: known.status,
    headers: { 'content-type': 'application/problem+json', ...retryHeaders(known) },
    body: printProblem(known, requestId, mask),
  }));
}

function printProblem(known: WeirError, requestId: string, mask: Mask): string {
  const document = {
    type: `urn:weir:problem:${known.code.replaceAll('_', '-')}`,
    title: known.code.replaceAll('_', ' '),
    status: known.status,
    code: known.code,
    detail: known.message,
    requestId,
    ...known.details,
  };
  return maskedJson(document, mask);
}
