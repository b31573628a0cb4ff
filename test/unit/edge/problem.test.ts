import { expect, test } from 'vitest';
import { toProblem } from '#edge/problem.ts';
import { BudgetExceeded, InvalidRequest, TooLarge, WeirError } from '#platform/errors.ts';
import { testKey } from '#test/support/test-key.ts';

const documentOf = (error: unknown) => JSON.parse(toProblem(error, 'request-1').body) as Record<string, unknown>;

test('a known error is told with its code, status, message and details', () => {
  const { statusCode, headers } = toProblem(new TooLarge('too much', { limitBytes: 5 }), 'request-1');
  expect([statusCode, headers]).toEqual([413, { 'content-type': 'application/problem+json' }]);
  expect(documentOf(new TooLarge('too much', { limitBytes: 5 }))).toEqual({
    type: 'urn:weir:problem:too-large',
    title: 'too large',
    status: 413,
    code: 'too_large',
    detail: 'too much',
    requestId: 'request-1',
    limitBytes: 5,
  });
});

test.each([
  new Error('a secret reason'),
  new TypeError('x is undefined', { cause: 'a secret reason' }),
  Object.assign(new Error('a secret reason'), { status: 404, statusCode: 404, code: 'not_found' }),
  'a secret reason',
  { statusCode: 200, body: 'a secret reason' },
  null,
  undefined,
])('what nobody planned is a plain 500: %s', (error) => {
  expect(toProblem(error, 'request-1').statusCode).toBe(500);
  expect(documentOf(error)).toEqual({
    type: 'urn:weir:problem:internal',
    title: 'internal',
    status: 500,
    code: 'internal',
    detail: 'something went wrong inside; the request id tells us what',
    requestId: 'request-1',
  });
});

test('asking again is advised against where it cannot help, and only there', () => {
  expect(toProblem(new BudgetExceeded('spent', {}), 'r').headers).toMatchObject({ 'x-should-retry': 'false' });
  expect(toProblem(new WeirError('a', 503, 'm', { shouldRetry: true }), 'r').headers).not.toHaveProperty(
    'x-should-retry',
  );
  expect(toProblem(new WeirError('a', 503, 'm'), 'r').headers).not.toHaveProperty('x-should-retry');
});

test('a wait is told in whole seconds, zero included', () => {
  const headersOf = (seconds: number) =>
    toProblem(new WeirError('a', 429, 'm', { retryAfterSeconds: seconds }), 'r').headers;
  expect(headersOf(61)).toMatchObject({ 'retry-after': '61' });
  expect(headersOf(0)).toMatchObject({ 'retry-after': '0' });
});

test('a cause is never told', () => {
  const error = new WeirError('a', 500, 'm', { cause: new Error('a secret reason') });
  expect(toProblem(error, 'r').body).not.toContain('secret');
});

test('D6 a secret in a message, a field’s name or a detail is masked, also behind an escape of JSON', () => {
  const key = testKey('problem');
  for (const around of ['', '\n', '\t', '"', '\\', '\u0001']) {
    const secret = `${around}${key}`;
    const error = new InvalidRequest([{ field: secret, message: `${secret} is not a known field` }]);
    const { body } = toProblem(error, 'r');
    expect(body).not.toContain(key.slice(0, 20));
    expect(JSON.parse(body)).toMatchObject({ errors: [{ field: `${around}[OPENAI_KEY]` }] });
  }
});
