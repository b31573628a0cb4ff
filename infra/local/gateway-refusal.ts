import type { HttpReply } from '#edge/http-call.ts';

/** A reply that API Gateway itself gives: a problem document that also tells OpenAI's SDKs what they look for. */
export class GatewayRefusal extends Error {
  readonly reply: HttpReply;

  constructor(status: number, code: string, detail: string, requestId: string) {
    super(detail);
    const document = {
      type: `urn:weir:problem:${code.replaceAll('_', '-')}`,
      title: code.replaceAll('_', ' '),
      status,
      code,
      detail,
      requestId,
      error: {
        message: detail,
        type: status < 500 ? 'invalid_request_error' : 'server_error',
        param: null,
        code,
      },
    };
    const headers = { 'content-type': 'application/problem+json', 'x-request-id': requestId };
    this.reply = { statusCode: status, headers, body: JSON.stringify(document) };
  }
}
