import { ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import { corsHeaders } from '#edge/cors.ts';
import type { HttpReply } from '#edge/http-call.ts';
import { toProblem } from '#edge/problem.ts';
import { SECURITY_HEADERS } from '#edge/security-headers.ts';
import {
  DeadlineExceeded,
  Forbidden,
  NotFound,
  Throttled,
  TooLarge,
  Unauthenticated,
  WeirError,
} from '#platform/errors.ts';
import { keyForbidden, proofDenied } from '../gateway-errors.ts';
import { openAiErrorOf } from '../openai-error.ts';

/** API Gateway's own limits. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
const MAX_REPLY_MS = 29_000;

const badRequest = new WeirError('invalid_request', 400, 'the request is not one that this API takes');
const internal = new WeirError('internal', 500, 'something went wrong inside; the request id tells us what');
const unavailable = new WeirError('unavailable', 503, 'the service cannot answer now', { retryAfterSeconds: 1 });
const throttled = new Throttled();
const unsigned = new Forbidden(
  'the signature is not valid, or not any more; is the clock right with which it was made?',
);
const noRoute = new NotFound('there is no such route, or the request is not signed as it demands');
const tooLarge = new TooLarge(`a body may be at most ${MAX_BODY_BYTES} bytes long`, { limitBytes: MAX_BODY_BYTES });

/** What API Gateway answers without asking a function, in the words that a function would use. */
const PROBLEMS: ReadonlyMap<ResponseType, WeirError> = new Map([
  [ResponseType.UNAUTHORIZED, new Unauthenticated()],
  [ResponseType.ACCESS_DENIED, proofDenied],
  [ResponseType.INVALID_API_KEY, keyForbidden],
  [ResponseType.EXPIRED_TOKEN, unsigned],
  [ResponseType.INVALID_SIGNATURE, unsigned],
  [ResponseType.WAF_FILTERED, keyForbidden],
  // What API Gateway calls a missing token is a route that does not exist, or one of IAM's without a signature.
  [ResponseType.MISSING_AUTHENTICATION_TOKEN, noRoute],
  [ResponseType.RESOURCE_NOT_FOUND, noRoute],
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
 *
 * @param corsOrigin the origin whose pages may read them; undefined: none
 */
export function answerWithProblems(api: RestApi, corsOrigin: string | undefined): void {
  for (const type of PROBLEMS.keys()) {
    const { statusCode, headers, body } = gatewayProblem(type.responseType, '$context.requestId', corsOrigin);
    api.addGatewayResponse(`problem-${type.responseType}`, {
      type,
      statusCode: String(statusCode),
      responseHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, `'${value}'`])),
      templates: { 'application/json': body },
    });
  }
}

/** What API Gateway answers in the place of a function. @throws Error for a type that nothing is said of */
export function gatewayProblem(type: string, requestId: string, corsOrigin?: string): HttpReply {
  const error = [...PROBLEMS].find(([{ responseType }]) => responseType === type)?.[1];
  if (!error) throw new Error(`nothing is said of ${type}`);
  const reply = toProblem(error, requestId);
  const problem = JSON.parse(reply.body) as { readonly status: number; readonly code: string; readonly detail: string };
  const headers = { ...SECURITY_HEADERS, ...corsHeaders(corsOrigin), ...reply.headers };
  return { ...reply, headers, body: JSON.stringify({ ...problem, error: openAiErrorOf(problem) }) };
}
