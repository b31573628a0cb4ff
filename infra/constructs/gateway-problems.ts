import { ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import { toProblem } from '#edge/problem.ts';
import { DeadlineExceeded, Forbidden, NotFound, TooLarge, Unauthenticated, WeirError } from '#platform/errors.ts';
import { openAiErrorOf } from '../openai-error.ts';

/** API Gateway's own limits. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
const MAX_REPLY_MS = 29_000;

const badRequest = new WeirError('invalid_request', 400, 'the request is not one that this API takes');
const internal = new WeirError('internal', 500, 'something went wrong inside; the request id tells us what');
const unavailable = new WeirError('unavailable', 503, 'the service cannot answer now', { retryAfterSeconds: 1 });
const throttled = new WeirError('throttled', 429, 'more requests than this API takes at a time', {
  retryAfterSeconds: 1,
});
const forbidden = new Forbidden('this key may not use this');
const tooLarge = new TooLarge(`a body may be at most ${MAX_BODY_BYTES} bytes long`, { limitBytes: MAX_BODY_BYTES });

/** What API Gateway answers without asking a function, in the words that a function would use. */
const PROBLEMS: ReadonlyMap<ResponseType, WeirError> = new Map([
  [ResponseType.UNAUTHORIZED, new Unauthenticated()],
  [ResponseType.ACCESS_DENIED, forbidden],
  [ResponseType.EXPIRED_TOKEN, forbidden],
  [ResponseType.INVALID_SIGNATURE, forbidden],
  [ResponseType.WAF_FILTERED, forbidden],
  // What API Gateway calls a missing token is a route that does not exist.
  [ResponseType.MISSING_AUTHENTICATION_TOKEN, new NotFound('there is no such route')],
  [ResponseType.RESOURCE_NOT_FOUND, new NotFound('there is no such route')],
  [ResponseType.REQUEST_TOO_LARGE, tooLarge],
  [ResponseType.UNSUPPORTED_MEDIA_TYPE, new WeirError('unsupported_media_type', 415, 'send application/json')],
  [ResponseType.THROTTLED, throttled],
  [ResponseType.QUOTA_EXCEEDED, throttled],
  [ResponseType.INTEGRATION_TIMEOUT, new DeadlineExceeded({ limitMs: MAX_REPLY_MS })],
  [ResponseType.INTEGRATION_FAILURE, unavailable],
  [ResponseType.DEFAULT_4XX, badRequest],
  [ResponseType.DEFAULT_5XX, internal],
]);

/**
 * Makes a gateway answer as the functions do: problem documents (RFC 9457), with its request id in them. It does not know
 * for which route it answers, so each has an `error` too, which OpenAI's SDKs read.
 */
export function answerWithProblems(api: RestApi): void {
  for (const [type, error] of PROBLEMS) {
    const { statusCode, headers, body } = toProblem(error, '$context.requestId');
    const problem = JSON.parse(body) as { readonly status: number; readonly code: string; readonly detail: string };
    api.addGatewayResponse(`problem-${type.responseType}`, {
      type,
      statusCode: String(statusCode),
      responseHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, `'${value}'`])),
      templates: { 'application/json': JSON.stringify({ ...problem, error: openAiErrorOf(problem) }) },
    });
  }
}
