import type { HttpReply } from '#edge/http-call.ts';
import { retryHeaders } from '#edge/known-error.ts';
import { SECURITY_HEADERS } from '#edge/security-headers.ts';
import type { WeirError } from '#platform/errors.ts';
import { openAiErrorOf } from '../openai-error.ts';

/** A reply that API Gateway itself gives: a problem document that also tells OpenAI's SDKs what they look for. */
export class GatewayRefusal extends Error {
  readonly reply: HttpReply;

  constructor(
    status: number,
    code: string,
    detail: string,
    requestId: string,
    moreHeaders: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
    const document = {
      type: `urn:weir:problem:${code.replaceAll('_', '-')}`,
      title: code.replaceAll('_', ' '),
      status,
      code,
      detail,
      requestId,
      error: openAiErrorOf({ status, code, detail }),
    };
    const headers = {
      ...SECURITY_HEADERS,
      'content-type': 'application/problem+json',
      ...moreHeaders,
      'x-request-id': requestId,
    };
    this.reply = { statusCode: status, headers, body: JSON.stringify(document) };
  }

  /** The same of an error that functions raise too, in its words. */
  static of(error: WeirError, requestId: string): GatewayRefusal {
    return new GatewayRefusal(error.status, error.code, error.message, requestId, retryHeaders(error));
  }
}
