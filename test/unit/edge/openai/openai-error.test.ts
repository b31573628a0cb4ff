import OpenAI, {
  APIError,
  AuthenticationError,
  BadRequestError,
  ConflictError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  UnprocessableEntityError,
} from 'openai';
import { expect, test } from 'vitest';
import { openAiErrorEvent, toOpenAiError } from '#edge/openai/openai-error.ts';
import { toProblem } from '#edge/problem.ts';
import * as errors from '#platform/errors.ts';
import { testKey } from '#test/support/test-key.ts';

const faults = [
  { field: 'n', message: 'n is wrong' },
  { field: 'model', message: 'model is wrong' },
];
const errorOf = (error: unknown) =>
  (JSON.parse(toOpenAiError(error, 'request-1').body) as { error: Record<string, unknown> }).error;

/** A client of OpenAI's own, to whom every request is answered so. */
function clientFor(reply: Response | (() => Response)): OpenAI {
  const fetch = () => Promise.resolve(typeof reply === 'function' ? reply() : reply);
  return new OpenAI({ apiKey: 'none', baseURL: 'http://weir.invalid', maxRetries: 0, fetch, logLevel: 'off' });
}

async function raisedBy(error: unknown): Promise<APIError> {
  const { statusCode, headers, body } = toOpenAiError(error, 'request-1');
  const client = clientFor(new Response(body, { status: statusCode, headers }));
  try {
    await client.models.list();
  } catch (raised) {
    if (raised instanceof APIError) return raised;
  }
  throw new Error('the client raised no APIError');
}

test.each([
  [new errors.InvalidRequest(faults), 400, 'invalid_request_error', BadRequestError],
  [new errors.Unauthenticated(), 401, 'authentication_error', AuthenticationError],
  [new errors.BudgetExceeded('spent', {}), 402, 'budget_exceeded', APIError],
  [new errors.Forbidden('no'), 403, 'permission_error', PermissionDeniedError],
  [new errors.ModelNotAllowed("'m'", []), 403, 'permission_error', PermissionDeniedError],
  [new errors.NotFound('no'), 404, 'invalid_request_error', NotFoundError],
  [new errors.IdempotencyConflict(), 409, 'conflict_error', ConflictError],
  [new errors.TooLarge('long', {}), 413, 'invalid_request_error', APIError],
  [new errors.MalformedBody('no'), 422, 'invalid_request_error', UnprocessableEntityError],
  [new errors.WeirError('slow', 429, 'wait'), 429, 'rate_limit_error', RateLimitError],
  [new errors.OutputInvalid('no'), 502, 'server_error', InternalServerError],
  [new errors.BudgetUnavailable(0), 503, 'server_error', InternalServerError],
  [new TypeError('a secret reason'), 500, 'server_error', InternalServerError],
])('OpenAI’s own client raises its class for it: %s', async (error, status, type, Class) => {
  const raised = await raisedBy(error);
  expect(raised).toBeInstanceOf(Class);
  expect([raised.status, raised.type]).toEqual([status, type]);
  expect(raised.code).toBe(error instanceof errors.WeirError ? error.code : 'internal');
});

test('the first field at fault is the param, and all that is known stands beside as details', async () => {
  const raised = await raisedBy(new errors.InvalidRequest(faults));
  expect([raised.param, raised.message]).toEqual(['n', '400 n is wrong; model is wrong']);
  expect(errorOf(new errors.InvalidRequest(faults))['details']).toEqual({ errors: faults });
  expect(errorOf(new errors.BudgetExceeded('spent', { limitUsd: '5' }))).toMatchObject({
    param: null,
    details: { limitUsd: '5' },
  });
  expect(errorOf(new errors.InvalidRequest([{ field: 'body', message: 'body is wrong' }]))['param']).toBeNull();
  expect(errorOf(new errors.Forbidden('no'))).not.toHaveProperty('details');
});

test('the message ends with the request id where the fault is ours, and only there', () => {
  expect(errorOf(new errors.BudgetUnavailable(0))['message']).toMatch(/\(request request-1\)$/);
  expect(errorOf(new errors.Forbidden('no'))['message']).toBe('no');
});

test('whether and when to ask again is told as in a problem', () => {
  for (const error of [
    new errors.BudgetExceeded('spent', {}),
    new errors.WeirError('a', 429, 'm', { retryAfterSeconds: 61 }),
    new errors.WeirError('a', 503, 'm', { shouldRetry: false, retryAfterSeconds: 0 }),
    new Error('unplanned'),
  ]) {
    const { 'content-type': form, ...headers } = toOpenAiError(error, 'r').headers;
    const { 'content-type': _, ...asProblem } = toProblem(error, 'r').headers;
    expect([form, headers]).toEqual(['application/json', asProblem]);
  }
});

test('D6 what nobody planned says nothing of itself, and secrets are masked behind any escape', () => {
  expect(toOpenAiError(new Error('a secret reason'), 'r').body).not.toContain('secret');
  const key = testKey('error');
  for (const around of ['', '\n', '"', '\\', '\u0001']) {
    const error = new errors.InvalidRequest([{ field: `${around}${key}`, message: `${around}${key} is wrong` }]);
    expect(toOpenAiError(error, 'r').body).not.toContain(key.slice(0, 20));
    for (const api of ['chat/completions', 'responses'] as const) {
      expect(openAiErrorEvent(api, error, 'r').toString()).not.toContain(key.slice(0, 20));
    }
  }
});

const streamOf =
  (...blocks: readonly (string | Uint8Array)[]) =>
  () =>
    new Response(Buffer.concat(blocks.map((block) => Buffer.from(block))), {
      headers: { 'content-type': 'text/event-stream' },
    });

test('S3 in mid-stream OpenAI’s own client raises an error after what came before it, in both APIs', async () => {
  const error = new errors.DeadlineExceeded({ limitMs: 5 });
  const heard: unknown[] = [];
  const chat = clientFor(
    streamOf(
      'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n',
      openAiErrorEvent('chat/completions', error, 'r'),
    ),
  );
  const chatting = async () => {
    const stream = await chat.chat.completions.create({ model: 'm', messages: [], stream: true });
    for await (const chunk of stream) heard.push(chunk.choices[0]?.delta.content);
  };
  await expect(chatting()).rejects.toMatchObject({ code: 'deadline_exceeded', type: 'server_error', param: null });

  const responses = clientFor(
    streamOf(
      'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"Hi"}\n\n',
      openAiErrorEvent('responses', error, 'r'),
    ),
  );
  const responding = async () => {
    const stream = await responses.responses.create({ model: 'm', input: 'a', stream: true });
    for await (const event of stream) if (event.type === 'response.output_text.delta') heard.push(event.delta);
  };
  await expect(responding()).rejects.toBeInstanceOf(APIError);
  await expect(responding()).rejects.toMatchObject({ code: 'deadline_exceeded' });
  expect(heard).toEqual(['Hi', 'Hi', 'Hi']);
});

test('the error event of Responses has the members that OpenAI’s has, and no others', () => {
  const [name, data = ''] = openAiErrorEvent('responses', new errors.Forbidden('no'), 'r').toString().split('\n');
  expect(name).toBe('event: error');
  expect(JSON.parse(data.replace('data: ', ''))).toEqual({
    type: 'error',
    code: 'forbidden',
    message: 'no',
    param: null,
    sequence_number: 0,
  });
});
