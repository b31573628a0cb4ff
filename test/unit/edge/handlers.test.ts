import { expect, test } from 'vitest';
import * as z from 'zod';
import type { InvocationContext } from '#edge/invocation-context.ts';
import { redactLine } from '#edge/redact-line.ts';
import { defineAuthorizer } from '#edge/define-authorizer.ts';
import { defineEndpoint } from '#edge/define-endpoint.ts';
import { defineRoute } from '#edge/define-route.ts';
import type { HttpReply } from '#edge/http-call.ts';
import { small } from '#edge/models.ts';
import { parseConfig } from '#platform/config.ts';
import { createPlatform, type Platform } from '#platform/platform.ts';
import { restEvent, type RequestFacts } from '#test/support/lambda-events.ts';
import { testKey } from '#test/support/test-key.ts';

const context: InvocationContext = { awsRequestId: 'a', getRemainingTimeInMillis: () => 5_000 };

/** A platform whose parts are all unreachable: what answers here has no need of them. */
function lonelyPlatform(): { platform: Platform; lines: string[] } {
  const lines: string[] = [];
  const config = parseConfig({ AWS_ENDPOINT_URL: 'http://127.0.0.1:1' });
  return {
    platform: createPlatform({ config, redact: redactLine, writeLine: (line) => void lines.push(line) }),
    lines,
  };
}

function event(facts: Partial<RequestFacts> = {}): object {
  return restEvent({
    method: 'GET',
    path: '/v1/thing',
    headers: {},
    query: null,
    body: null,
    isBase64: false,
    authorizer: { callerId: 'ada', roles: 'finance' },
    requestId: 'request-1',
    requestTimeMs: Date.now(),
    ...facts,
  });
}

const thing = (handle: () => Promise<{ json: unknown }>, access: 'public' | ['finance'] = ['finance']) =>
  defineRoute({
    summary: 'A thing.',
    method: 'GET',
    path: '/v1/thing',
    access,
    query: z.strictObject({ size: z.string().default('small') }),
    handle,
  });

async function replyOf(route: Pick<ReturnType<typeof thing>, 'handler'>, facts?: Partial<RequestFacts>) {
  const { platform, lines } = lonelyPlatform();
  const reply = (await route.handler.bindTo({ name: 'thing', platform })(event(facts), context)) as HttpReply;
  return { ...reply, lines };
}

test('a route answers JSON with the headers that every reply bears', async () => {
  const reply = await replyOf(thing(async () => ({ json: { fine: true } })));
  expect(reply).toMatchObject({
    statusCode: 200,
    body: '{"fine":true}',
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'strict-transport-security': 'max-age=31536000; includeSubDomains',
      'x-request-id': 'request-1',
    },
  });
});

test('a route’s spec has its defaults, and what it says itself', () => {
  const { spec } = thing(async () => ({ json: 1 }));
  expect(spec).toMatchObject({
    kind: 'route',
    timeoutMs: 10_000,
    memoryMb: 256,
    reads: [],
    produces: ['application/json'],
  });
  expect(spec).not.toHaveProperty('handle');
});

const change = defineRoute({
  summary: 'Changes a thing.',
  method: 'PUT',
  path: '/v1/things/{name}',
  access: ['finance'],
  query: z.strictObject({ name: z.string().max(9), unit: z.enum(['one', 'many']).default('one') }),
  body: z.strictObject({ size: z.int().max(5) }),
  // The types are part of the promise: each is what its schema makes of it.
  async handle({ name, unit, body: { size } }: { name: string; unit: 'one' | 'many'; body: { size: number } }) {
    return { json: { name, unit, size } };
  },
});
const put = (facts: Partial<RequestFacts>) =>
  replyOf(change, { method: 'PUT', pathParameters: { name: 'a' }, body: '{"size":3}', ...facts });

test('a route is given parameters, query and body, each as its schema makes it', async () => {
  const body = async (facts: Partial<RequestFacts>) => JSON.parse((await put(facts)).body) as unknown;
  expect(await body({})).toEqual({ name: 'a', unit: 'one', size: 3 });
  expect(await body({ query: { unit: 'many' } })).toEqual({ name: 'a', unit: 'many', size: 3 });
  const encoded = { pathParameters: { name: 'x%3Ay' }, body: Buffer.from('{"size":4}').toString('base64') };
  expect(await body({ ...encoded, isBase64: true })).toEqual({ name: 'x:y', unit: 'one', size: 4 });
});

test('a parameter of the path counts before one of the query: the path is what was authorized', async () => {
  const reply = await put({ query: { name: 'other' } });
  expect(JSON.parse(reply.body)).toMatchObject({ name: 'a' });
});

test.each<[string, Partial<RequestFacts>, number, string]>([
  ['without a body', { body: null }, 422, 'the body is empty; JSON is required'],
  ['with an empty one', { body: '' }, 422, 'the body is empty; JSON is required'],
  ['with half a one', { body: '{"size":' }, 422, 'the body is not valid JSON'],
  ['with one that is too large', { body: ' '.repeat(1_500_001) }, 413, 'the body must be at most 1500000 bytes long'],
  ['with a wrong field', { body: '{"size":9}' }, 400, 'size must be at most 5, but 9 was provided'],
  ['with a field more', { body: '{"size":1,"more":1}' }, 400, 'more is not a known field'],
  ['with a list', { body: '[]' }, 400, 'body must be an object'],
  ['with a hostile one', { body: '{"__proto__":{"size":1}}' }, 400, '__proto__ is not allowed'],
  ['with an unknown query', { query: { colour: 'red' } }, 400, 'colour is not a known field'],
  ['with a wrong parameter', { pathParameters: { name: 'a'.repeat(10) } }, 400, 'name must be at most 9 characters'],
  ['of no role', { authorizer: { callerId: 'ada', roles: 'caller' }, body: '{' }, 403, 'this needs one of the roles'],
])('a PUT %s is refused as an endpoint would', async (_what, facts, status, detail) => {
  const reply = await put(facts);
  expect([reply.statusCode, JSON.parse(reply.body)]).toMatchObject([
    status,
    { detail: expect.stringContaining(detail) },
  ]);
});

test('who has none of the roles is refused, whatever a gateway let through', async () => {
  const route = thing(async () => ({ json: 1 }));
  const statusFor = async (authorizer: RequestFacts['authorizer']) => (await replyOf(route, { authorizer })).statusCode;
  expect(await statusFor({ callerId: 'ada', roles: 'finance,caller' })).toBe(200);
  expect(await statusFor({ callerId: 'ada', roles: 'caller' })).toBe(403);
  expect(await statusFor({ callerId: 'ada', roles: '' })).toBe(403);
  expect(await statusFor({ callerId: 'ada', roles: 'financeadministrator' })).toBe(403);
  expect(await statusFor(null)).toBe(401);
  expect(
    (
      await replyOf(
        thing(async () => ({ json: 1 }), 'public'),
        { authorizer: null },
      )
    ).statusCode,
  ).toBe(200);
});

test('an error that nobody planned is a 500 with the request’s id, and a log line with name and place only', async () => {
  const key = testKey('unplanned');
  const reply = await replyOf(thing(() => Promise.reject(new RangeError(`bad ${key}`, { cause: key }))));
  expect([reply.statusCode, JSON.parse(reply.body)]).toMatchObject([500, { code: 'internal', requestId: 'request-1' }]);
  expect(reply.headers['x-request-id']).toBe('request-1');
  expect(reply.lines).toHaveLength(1);
  expect(JSON.parse(reply.lines[0]!)).toMatchObject({
    level: 'ERROR',
    error: 'RangeError',
    at: expect.stringContaining('at '),
  });
  expect(`${reply.lines.join('')}${reply.body}`).not.toContain(key.slice(0, 12));
});

test('a throw that is no Error, and a handler that throws before its first await, are 500 too', async () => {
  for (const thrown of ['text', null, undefined, { statusCode: 200 }]) {
    const route = thing(() => {
      throw thrown as unknown as Error;
    });
    expect((await replyOf(route)).statusCode).toBe(500);
  }
});

test('code that hangs is answered before the platform kills it', async () => {
  const { platform } = lonelyPlatform();
  const { handler } = thing(() => new Promise(() => {}));
  const soon = { ...context, getRemainingTimeInMillis: () => 350 };
  const reply = (await handler.bindTo({ name: 'thing', platform })(event(), soon)) as HttpReply;
  expect([reply.statusCode, JSON.parse(reply.body)]).toMatchObject([504, { code: 'deadline_exceeded' }]);
});

test('an endpoint’s spec tells all that is made from it', () => {
  const { spec } = defineEndpoint({
    summary: 'A haiku.',
    input: z.strictObject({ topic: z.string() }),
    output: z.strictObject({ haiku: z.string() }),
    example: { topic: 'rain' },
    model: small,
    limits: { timeoutMs: 10_000, maxOutputTokens: 100 },
    prompt: ({ topic }) => ({ instructions: 'Write a haiku.', input: topic }),
  });
  expect(spec).toMatchObject({ kind: 'endpoint', method: 'POST', access: ['caller'], secret: 'openai', memoryMb: 512 });
  for (const absent of ['path', 'deterministic', 'budget', 'prompt', 'run']) expect(spec).not.toHaveProperty(absent);
});

const authorizer = defineAuthorizer({
  summary: 'Knows one key.',
  reads: [],
  catalog: false,
  cacheSeconds: 60,
  async authorize(key) {
    if (key !== 'known') return undefined;
    const route = { kind: 'route', method: 'GET', access: ['finance'] } as const;
    return {
      id: 'ada',
      roles: ['finance', 'caller'],
      rate: { usageKey: 'a-usage-key', countedPerSecond: 5 },
      allowed: [
        { ...route, name: 'a', path: '/a' },
        { ...route, name: 'b', path: '/v1/b' },
        { ...route, name: 'c', method: 'PUT', path: '/v1/c/{name}/d' },
      ],
    };
  },
});
const methodArn = 'arn:aws:execute-api:eu-central-1:123456789012:a1b2c3/live/POST/v1/else/where';
const decide = (authorizationToken?: string) =>
  authorizer.handler.bindTo({ name: 'authorizer', platform: lonelyPlatform().platform })(
    { methodArn, ...(authorizationToken !== undefined && { authorizationToken }) },
    context,
  );

test('A4 the policy lists every route that the key may use, and never just the one that was asked for', async () => {
  expect(await decide('Bearer known')).toEqual({
    principalId: 'ada',
    policyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Action: 'execute-api:Invoke',
          Effect: 'Allow',
          Resource: [
            'arn:aws:execute-api:eu-central-1:123456789012:a1b2c3/live/GET/a',
            'arn:aws:execute-api:eu-central-1:123456789012:a1b2c3/live/GET/v1/b',
            // Any value of the one segment.
            'arn:aws:execute-api:eu-central-1:123456789012:a1b2c3/live/PUT/v1/c/*/d',
          ],
        },
      ],
    },
    usageIdentifierKey: 'a-usage-key',
    context: { callerId: 'ada', roles: 'finance,caller', requestsPerSecond: '5' },
  });
});

test.each([
  undefined,
  '',
  'known',
  'Bearer',
  'Bearer ',
  'Bearer known ',
  'Basic known',
  'Bearer other',
  "Bearer x' OR 1=1--",
  'Bearer known\n',
])('A1 A2 %j is nobody, in the words from which API Gateway makes a 401', async (token) => {
  await expect(decide(token)).rejects.toThrow(/^Unauthorized$/);
});

test('a known caller that may use nothing is denied everything, rather than unknown', async () => {
  const { handler } = defineAuthorizer({
    ...authorizer.spec,
    authorize: async () => ({ id: 'ada', roles: [], rate: { usageKey: 'k' }, allowed: [] }),
  });
  const policy = await handler.bindTo({ name: 'a', platform: lonelyPlatform().platform })(
    { authorizationToken: 'Bearer k', methodArn },
    context,
  );
  expect(policy).toMatchObject({
    policyDocument: {
      Statement: [{ Effect: 'Deny', Resource: 'arn:aws:execute-api:eu-central-1:123456789012:a1b2c3/live/*' }],
    },
  });
});
