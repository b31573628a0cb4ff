import OpenAI, { APIError } from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Step } from '#test/support/scripted-exchange.ts';
import * as failures from '#test/support/scripted-failures.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';

const key = ['sk', 'proj', 'abcdefgh', 'wxyz'].join('-');

let upstream: ScriptedUpstream;

beforeAll(async () => {
  upstream = await startScriptedUpstream();
});

afterAll(() => upstream.stop());

async function failureOf(step: Step): Promise<APIError> {
  upstream.script(step);
  const client = new OpenAI({ baseURL: upstream.baseUrl, apiKey: key, maxRetries: 0, logLevel: 'off' });
  const error: unknown = await client.responses.create({ model: 'gpt-6-luna', input: 'hi' }).catch((e: unknown) => e);
  if (!(error instanceof APIError)) throw new Error('The call was expected to fail');
  return error;
}

const invalidRequest = 'invalid_request_error';

test.each([
  ['badRequest', failures.badRequest(), 400, null, invalidRequest],
  ['contextLengthExceeded', failures.contextLengthExceeded(), 400, 'context_length_exceeded', invalidRequest],
  ['contentPolicyViolation', failures.contentPolicyViolation(), 400, 'content_policy_violation', invalidRequest],
  ['contentFiltered', failures.contentFiltered(), 400, 'content_filter', invalidRequest],
  ['invalidApiKey', failures.invalidApiKey(), 401, 'invalid_api_key', invalidRequest],
  ['unauthorized', failures.unauthorized(), 401, null, invalidRequest],
  ['forbidden', failures.forbidden(), 403, 'unsupported_country_region_territory', 'request_forbidden'],
  ['modelNotFound', failures.modelNotFound(), 404, 'model_not_found', invalidRequest],
  ['requestTimeout', failures.requestTimeout(), 408, null, 'server_error'],
  ['conflict', failures.conflict(), 409, null, invalidRequest],
  ['payloadTooLarge', failures.payloadTooLarge(), 413, null, invalidRequest],
  ['unprocessable', failures.unprocessable(), 422, null, invalidRequest],
  ['requestTooLarge', failures.requestTooLarge(), 429, 'rate_limit_exceeded', 'tokens'],
  ['rateLimited', failures.rateLimited(), 429, 'rate_limit_exceeded', 'requests'],
  ['slowDown', failures.slowDown(), 429, 'slow_down', 'slow_down'],
  ...failures.quotaCodes.map((code) => ['quotaExhausted', failures.quotaExhausted(code), 429, code, code] as const),
  ['serverError', failures.serverError(), 500, null, 'server_error'],
  ['unavailable', failures.unavailable(), 503, null, 'service_unavailable'],
  ['siteOverloaded', failures.siteOverloaded(), 529, null, 'overloaded_error'],
] as const)('%s reaches the SDK as its row of the failure table', async (_, step, status, code, type) => {
  expect(await failureOf(step)).toMatchObject({ status, code, type, requestID: upstream.requests.at(-1)?.requestId });
});

test('a bad gateway is a page of HTML', async () => {
  const { status, code, headers } = await failureOf(failures.badGateway());
  expect([status, code, headers?.get('content-type')]).toEqual([502, undefined, 'text/html']);
});

test('a throttled request is told how long to wait, in either header', async () => {
  const seconds = await failureOf(failures.rateLimited({ retryAfterSeconds: 61 }));
  const milliseconds = await failureOf(failures.slowDown({ retryAfterMs: 250 }));
  expect([seconds.headers?.get('retry-after'), seconds.headers?.get('retry-after-ms')]).toEqual(['61', null]);
  expect([milliseconds.headers?.get('retry-after'), milliseconds.headers?.get('retry-after-ms')]).toEqual([
    null,
    '250',
  ]);
});

test('a refused key is quoted in part, as OpenAI does, so that a test can see whether a fragment leaks', async () => {
  const { message } = await failureOf(failures.invalidApiKey());
  expect(message).toContain('sk-proj-********wxyz');
});

test('failures are not billed, unless the test says that the work was done', async () => {
  const before = upstream.bill.lines.length;
  await failureOf(failures.requestTimeout());
  expect(upstream.bill.lines).toHaveLength(before);
  await failureOf(failures.requestTimeout({ billed: true }));
  expect(upstream.bill.lines).toHaveLength(before + 1);
});

test('any detail of a named failure can be changed', async () => {
  const error = await failureOf(failures.serverError({ code: 'odd', headers: { 'x-should-retry': 'false' } }));
  expect([error.code, error.headers?.get('x-should-retry')]).toEqual(['odd', 'false']);
});
