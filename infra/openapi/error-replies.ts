import type { ErrorForm } from '#edge/specs.ts';

/** Replies that an endpoint or a route may give beside its own, with what they mean. */
const MEANINGS: Readonly<Record<string, string>> = {
  400: 'The input is wrong; `errors` names each field, its limit and the value received.',
  401: 'No valid key.',
  402: 'A budget would be overspent; tells the scope, its limit, what is spent and held, and when it resets. Do not retry.',
  403: 'The key may not use this.',
  404: 'No such thing.',
  409: 'The same Idempotency-Key is being worked on.',
  413: 'The body or the request is too large.',
  414: 'Path and query are too long.',
  422: 'The body is not JSON, the model declined, or the Idempotency-Key stands for another body.',
  429: 'More requests than the caller’s rate, the API or the upstream allows for now; see Retry-After.',
  431: 'The headers are too large.',
  500: 'Something went wrong inside.',
  502: 'The upstream failed.',
  503: 'Overloaded, out of quota, or a budget, a rate, an Idempotency-Key or the audit trail could not be reached.',
  504: 'No answer within the deadline. Do not retry at once.',
};

/** Where OpenAI's words leave less room. */
const OPENAI_MEANINGS: Readonly<Record<string, string>> = {
  ...MEANINGS,
  400: 'The request is wrong, or something in it would escape control; `message` tells why, `param` where.',
  402: 'A budget would be overspent; `message` tells which, and when it resets. Do not retry.',
  422: 'The body is not JSON, OpenAI cannot work on it, or the Idempotency-Key stands for another body.',
};

/** Every status with an error that an endpoint may answer with. */
export const ENDPOINT_ERRORS: readonly string[] = Object.keys(MEANINGS).filter((status) => status !== '404');

const PROBLEM = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
/** What the gateway answers by itself is a problem on every route, with an `error` in it for OpenAI's SDKs. */
const OPENAI = { 'application/json': { schema: { $ref: '#/components/schemas/OpenAiError' } }, ...PROBLEM };

/** The replies with these statuses, by status, in the form in which a route tells its errors. */
export function errorReplies(statuses: readonly string[], form: ErrorForm = 'problem') {
  const [meanings, content] = form === 'openai' ? [OPENAI_MEANINGS, OPENAI] : [MEANINGS, PROBLEM];
  return Object.fromEntries(statuses.map((status) => [status, { description: meanings[status], content }]));
}
