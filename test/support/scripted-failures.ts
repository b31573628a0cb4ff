import { send, type Step } from './scripted-exchange.ts';
import { doWork } from './scripted-work.ts';

/** An error reply; what is left out is null in the body, as OpenAI has it. */
export interface FailureOptions {
  readonly status: number;
  readonly code?: string;
  readonly type?: string;
  readonly param?: string;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** In place of OpenAI's error body. */
  readonly body?: object | string;
  /** The work was done all the same, and is on the bill. @default false */
  readonly billed?: boolean;
}

/** What a test may change about a failure that has a name. */
export type FailureDetails = Omit<FailureOptions, 'status'>;

/** An error in OpenAI's form, or with a body of the test's own. */
export function failure(options: FailureOptions): Step {
  const { status, code = null, type = null, param = null, message = `Scripted failure ${status}.` } = options;
  const body = options.body ?? { error: { message, type, param, code } };
  return (exchange) => {
    if (options.billed) doWork(exchange, {});
    send(exchange, status, body, options.headers);
  };
}

const invalidRequest = { type: 'invalid_request_error' };

/** 400, with no code: the caller's fault. */
export const badRequest = (details: FailureDetails = {}): Step =>
  failure({ status: 400, ...invalidRequest, param: 'input', message: "Invalid type for 'input'.", ...details });

/** 400: more input than the model's context window holds. */
export const contextLengthExceeded = (details: FailureDetails = {}): Step =>
  badRequest({
    code: 'context_length_exceeded',
    message: 'Your input exceeds the context window of this model. Please adjust your input and try again.',
    ...details,
  });

/** 400: the input is against the usage policies. */
export const contentPolicyViolation = (details: FailureDetails = {}): Step =>
  badRequest({
    code: 'content_policy_violation',
    message: 'Your request was rejected as a result of our safety system.',
    ...details,
  });

/** 400: a filter in front of the model held the input back. */
export const contentFiltered = (details: FailureDetails = {}): Step =>
  badRequest({ code: 'content_filter', message: 'The prompt was filtered.', ...details });

/** 401: the key is not, or no longer, valid. Like OpenAI's, the message quotes both ends of the key. */
export const invalidApiKey =
  (details: FailureDetails = {}): Step =>
  (exchange) => {
    const key = exchange.request.key ?? '';
    const quoted = `${key.slice(0, 8)}${'*'.repeat(8)}${key.slice(-4)}`;
    const message = `Incorrect API key provided: ${quoted}. You can find your API key in your account's settings.`;
    return failure({ status: 401, ...invalidRequest, code: 'invalid_api_key', message, ...details })(exchange);
  };

/** 401 for another reason than the key. */
export const unauthorized = (details: FailureDetails = {}): Step =>
  failure({
    status: 401,
    ...invalidRequest,
    message: 'You must be a member of an organization to use the API.',
    ...details,
  });

/** 403. */
export const forbidden = (details: FailureDetails = {}): Step =>
  failure({
    status: 403,
    type: 'request_forbidden',
    code: 'unsupported_country_region_territory',
    message: 'Country, region, or territory not supported.',
    ...details,
  });

/** 404: there is no such model, or not for this project. */
export const modelNotFound =
  (details: FailureDetails = {}): Step =>
  (exchange) => {
    const message = `The model \`${exchange.request.body.model ?? ''}\` does not exist or you do not have access to it.`;
    const code = 'model_not_found';
    return failure({ status: 404, ...invalidRequest, code, param: 'model', message, ...details })(exchange);
  };

/** 408: the upstream gave up waiting, and may have been billing. */
export const requestTimeout = (details: FailureDetails = {}): Step =>
  failure({ status: 408, type: 'server_error', message: 'Request timed out.', ...details });

/** 409. */
export const conflict = (details: FailureDetails = {}): Step =>
  failure({ status: 409, ...invalidRequest, message: 'The resource is being changed by another request.', ...details });

/** 413: the body is too large. */
export const payloadTooLarge = (details: FailureDetails = {}): Step =>
  failure({ status: 413, ...invalidRequest, message: 'Request body is too large.', ...details });

/** 422. */
export const unprocessable = (details: FailureDetails = {}): Step =>
  failure({ status: 422, ...invalidRequest, message: 'Unprocessable entity.', ...details });

/** 429 of the lasting kind: this one request is above the limit, and only its message tells. */
export const requestTooLarge = (details: FailureDetails = {}): Step =>
  failure({
    status: 429,
    type: 'tokens',
    code: 'rate_limit_exceeded',
    message:
      'Request too large for the model in organization org-scripted on tokens per min (TPM): Limit 30000, ' +
      'Requested 52000. The input or output tokens must be reduced in order to run successfully.',
    ...details,
  });

/** 429 of the passing kind, with either form of Retry-After, both, or none. */
export const rateLimited = (
  wait: FailureDetails & { readonly retryAfterSeconds?: number | string; readonly retryAfterMs?: number } = {},
): Step => {
  const { retryAfterSeconds, retryAfterMs, headers, ...details } = wait;
  return failure({
    status: 429,
    type: 'requests',
    code: 'rate_limit_exceeded',
    message:
      'Rate limit reached for the model in organization org-scripted on requests per min (RPM): Limit 500, ' +
      'Used 500, Requested 1. Please try again later.',
    headers: {
      ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
      ...(retryAfterMs === undefined ? {} : { 'retry-after-ms': String(retryAfterMs) }),
      ...headers,
    },
    ...details,
  });
};

/** 429: traffic grew too fast. */
export const slowDown = (details: Parameters<typeof rateLimited>[0] = {}): Step =>
  rateLimited({ code: 'slow_down', type: 'slow_down', message: 'Please reduce your request rate.', ...details });

/** The 429s that no waiting mends. */
export const quotaCodes = [
  'insufficient_quota',
  'credit_balance_exhausted',
  'organization_spend_limit_exceeded',
  'project_spend_limit_exceeded',
  'organization_usage_limit_exceeded',
] as const;

/** 429: the money is gone. */
export const quotaExhausted = (
  code: (typeof quotaCodes)[number] = 'insufficient_quota',
  details: FailureDetails = {},
): Step =>
  failure({
    status: 429,
    type: code,
    code,
    message: 'You exceeded your current quota, please check your plan and billing details.',
    ...details,
  });

/** 500. */
export const serverError = (details: FailureDetails = {}): Step =>
  failure({
    status: 500,
    type: 'server_error',
    message: 'The server had an error while processing your request.',
    ...details,
  });

/** 502, from a proxy, hence HTML. */
export const badGateway = (details: FailureDetails = {}): Step =>
  failure({
    status: 502,
    body: '<html><head><title>502 Bad Gateway</title></head><body>cloudflare</body></html>',
    headers: { 'content-type': 'text/html' },
    ...details,
  });

/** 503: overloaded. */
export const unavailable = (details: FailureDetails = {}): Step =>
  failure({
    status: 503,
    type: 'service_unavailable',
    message: 'The engine is currently overloaded, please try again later.',
    ...details,
  });

/** 529: the site is overloaded. */
export const siteOverloaded = (details: FailureDetails = {}): Step =>
  failure({ status: 529, type: 'overloaded_error', message: 'Overloaded.', ...details });
