import * as fc from 'fast-check';
import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from 'openai/error';
import { expect, test } from 'vitest';
import { classifyFailure } from '#upstream/classify-failure.ts';
import type { FailureClass } from '#upstream/failure.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 12);

interface ErrorBody {
  readonly code?: unknown;
  readonly type?: unknown;
  readonly message?: string;
}

/** An exception as the SDK makes it of a reply. */
const replied = (status: number, error: ErrorBody = {}, headers: Record<string, string> = {}) =>
  classifyFailure(APIError.generate(status, { error }, undefined, new Headers(headers)), NOW_MS);

test.each<[number, ErrorBody, FailureClass]>([
  [400, {}, 'invalid'],
  [400, { code: 'context_length_exceeded' }, 'invalid'],
  [422, {}, 'invalid'],
  [400, { code: 'content_policy_violation' }, 'policy'],
  [400, { code: 'content_filter' }, 'policy'],
  [400, { type: 'content_filter' }, 'policy'],
  [401, { code: 'invalid_api_key' }, 'credential'],
  [401, { code: null, type: 'invalid_request_error' }, 'configuration'],
  [402, {}, 'configuration'],
  [403, {}, 'configuration'],
  [404, { code: 'model_not_found' }, 'model-not-found'],
  [404, {}, 'configuration'],
  [408, {}, 'timeout'],
  [409, {}, 'conflict'],
  [413, {}, 'too-large'],
  [418, {}, 'configuration'],
  [429, {}, 'throttled'],
  [429, { code: 'rate_limit_exceeded' }, 'throttled'],
  [429, { code: 'slow_down' }, 'throttled'],
  [
    429,
    { code: 'rate_limit_exceeded', message: 'Request too large for gpt-6-luna: Limit 10, Requested 20.' },
    'too-large',
  ],
  [429, { code: 'insufficient_quota' }, 'quota'],
  [429, { type: 'insufficient_quota' }, 'quota'],
  [429, { code: 'credit_balance_exhausted' }, 'quota'],
  [429, { code: 'organization_spend_limit_exceeded' }, 'quota'],
  [429, { code: 'project_spend_limit_exceeded' }, 'quota'],
  [429, { code: 'organization_usage_limit_exceeded' }, 'quota'],
  [400, { code: 'billing_hard_limit_reached' }, 'quota'],
  [500, {}, 'failed'],
  [502, {}, 'failed'],
  [503, {}, 'overloaded'],
  [504, {}, 'timeout'],
  [522, {}, 'timeout'],
  [524, {}, 'timeout'],
  [529, {}, 'failed'],
])('R1 %i %o is %s', (status, body, expected) => {
  expect(replied(status, body)).toMatchObject({ class: expected, status });
});

test('errors without a reply: left by us, timed out, never sent, lost on the way', () => {
  const lost = (code: string) =>
    new APIConnectionError({ message: 'Connection error.', cause: Object.assign(new Error(code), { code }) });
  const classOf = (error: unknown) => classifyFailure(error, NOW_MS).class;
  expect(classOf(new APIUserAbortError())).toBe('cancelled');
  expect(classOf(new APIConnectionTimeoutError())).toBe('timeout');
  expect(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'].map((code) => classOf(lost(code)))).toEqual(
    Array(3).fill('unreachable'),
  );
  expect(['ECONNRESET', 'EPIPE', 'ETIMEDOUT'].map((code) => classOf(lost(code)))).toEqual(Array(3).fill('timeout'));
  expect(classOf(new APIConnectionError({ message: 'Connection error.' }))).toBe('timeout');
  expect([new SyntaxError('Unexpected token'), 'text', undefined, null].map(classOf)).toEqual(
    Array(4).fill('protocol'),
  );
});

test.each<[Record<string, string>, number | undefined]>([
  [{}, undefined],
  [{ 'retry-after-ms': '1500' }, 1_500],
  [{ 'retry-after-ms': '1500.5' }, 1_500.5],
  [{ 'retry-after': '61' }, 61_000],
  [{ 'retry-after': '0' }, 0],
  [{ 'retry-after': '1.5' }, 1_500],
  [{ 'retry-after-ms': '20', 'retry-after': '61' }, 20],
  [{ 'retry-after-ms': 'soon', 'retry-after': '61' }, 61_000],
  [{ 'retry-after-ms': '', 'retry-after': '61' }, 61_000],
  [{ 'retry-after': 'Sun, 22 Nov 2026 12:00:07 GMT' }, 7_000],
  [{ 'retry-after': 'Sun, 22 Nov 2026 11:59:00 GMT' }, 0],
  [{ 'retry-after': 'soon' }, undefined],
  [{ 'retry-after': '' }, undefined],
  [{ 'retry-after-ms': 'Infinity' }, undefined],
  [{ 'retry-after-ms': '1e999' }, undefined],
])('R3 %o asks for a wait of %s ms', (headers, expected) => {
  expect(replied(429, {}, headers).retryAfterMs).toBe(expected);
});

test('what OpenAI calls the fault, and the request’s id, are kept where they are plain words', () => {
  const failure = replied(400, { code: 'context_length_exceeded' }, { 'x-request-id': 'req_1' });
  expect(failure).toEqual({ class: 'invalid', status: 400, code: 'context_length_exceeded', requestId: 'req_1' });
  expect(replied(400, { code: 'Your key is abc', type: 'invalid_request_error' }).code).toBe('invalid_request_error');
});

test('D1 whatever OpenAI quotes in a message, or puts in place of a code, is not in a failure', () => {
  const secret = 'SECRET-of-the-caller';
  fc.assert(
    fc.property(
      fc.integer({ min: 400, max: 599 }),
      fc.constantFrom('code', 'type', 'message', 'param'),
      fc.string(),
      (status, place, around) => {
        const failure = replied(status, { [place]: `${around} ${secret}` });
        expect(JSON.stringify(failure)).not.toContain(secret);
      },
    ),
  );
});
