import type { FieldFault, WeirError } from '#platform/errors.ts';
import type { PassApi } from '#protocol/request.ts';
import type { ToldError } from '#upstream/told-error.ts';
import type { HttpReply } from '../http-call.ts';
import { maskedForm, maskedJson, retryHeaders } from '../known-error.ts';

/** An error as OpenAI tells it, with what Weir knows beside: limits, the time a budget begins anew, all fields at fault. */
interface OpenAiError {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** OpenAI's words for a status; what is not listed is the request's fault below 500, and the server's from there on. */
const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'budget_exceeded',
  403: 'permission_error',
  409: 'conflict_error',
  429: 'rate_limit_error',
};

/**
 * An error as the OpenAI-compatible routes tell it, so that any OpenAI SDK raises its own class for the status. As in a
 * problem document, what is not known is a plain 500, and whatever goes out is masked.
 */
export function toOpenAiError(error: unknown, requestId: string): HttpReply {
  return maskedForm(error, (known, mask) => ({
    statusCode: known.status,
    headers: { 'content-type': 'application/json', ...retryHeaders(known) },
    body: maskedJson({ error: openAiError(known, requestId) }, mask),
  }));
}

/**
 * The event that ends a stream whose status was sent long ago. SDKs raise an `APIError` for it: in Chat Completions for data
 * with an `error` in it, in Responses for the event of that name.
 */
export function openAiErrorEvent(api: PassApi, error: unknown, requestId: string): Buffer {
  const printed = maskedForm(error, (known, mask) => {
    const told = openAiError(known, requestId);
    if (api !== 'responses') return `data: ${maskedJson({ error: told }, mask)}\n\n`;
    const { code, message, param } = told;
    // Of the events before it, which went by unread, nobody knows the last number.
    const event = { type: 'error', code, message, param, sequence_number: 0 };
    return `event: error\ndata: ${maskedJson(event, mask)}\n\n`;
  });
  return Buffer.from(printed);
}

function openAiError(error: WeirError, requestId: string): OpenAiError {
  const { upstreamError, ...details } = error.details as { readonly upstreamError?: ToldError };
  // What OpenAI says of a request, its author is told as OpenAI says it.
  if (upstreamError) return { ...upstreamError, type: upstreamError.type ?? 'invalid_request_error', details };
  const isOurs = error.status >= 500;
  return {
    message: isOurs ? `${error.message} (request ${requestId})` : error.message,
    type: TYPES[error.status] ?? (isOurs ? 'server_error' : 'invalid_request_error'),
    param: firstField(error),
    code: error.code,
    ...(Object.keys(error.details).length > 0 && { details: error.details }),
  };
}

/** The first field at fault; the body as a whole is none. */
function firstField({ details }: WeirError): string | null {
  const field = (details['errors'] as readonly FieldFault[] | undefined)?.[0]?.field;
  return field === undefined || field === 'body' ? null : field;
}
