import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LambdaHandler } from '#edge/entry-handler.ts';
import type { GatewayEvent } from '#edge/http-call.ts';
import type { Entry } from '#infra/inventory.ts';
import { startGateway, type GatewayOptions, type RunningGateway } from '#infra/local/gateway.ts';
import { hostFunction } from '#infra/local/lambda-host.ts';
import { FakeClock } from '#test/support/fake-clock.ts';
import { streamRequest } from '#test/support/stream-request.ts';

let clock: FakeClock;
const opened: RunningGateway[] = [];
beforeEach(() => {
  clock = new FakeClock();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((gateway) => gateway.stop()));
});

const ARN_PREFIX = 'arn:aws:execute-api:local:000000000000:weir/local';

/** An entry that exists in this test only. */
function entry(name: string, spec: object, handler: LambdaHandler): Entry {
  return { name, spec, handler, file: `${name}.ts` } as unknown as Entry;
}

interface Setup {
  readonly handler?: LambdaHandler;
  readonly authorize?: LambdaHandler;
  readonly options?: Partial<GatewayOptions>;
  readonly timeoutMs?: number;
}

/** A gateway before one endpoint `/v1/echo`, which gives back its event, and a public route `/open`. */
async function start({ handler = echo, authorize = allowing('/v1/echo'), options, timeoutMs = 60_000 }: Setup = {}) {
  const endpoint = { kind: 'endpoint', method: 'POST', access: ['caller'], limits: { timeoutMs } };
  const route = { kind: 'route', method: 'GET', path: '/open', access: 'public', timeoutMs };
  const authorizer = { kind: 'authorizer', cacheSeconds: 60, timeoutMs };
  const functions = [
    entry('echo', endpoint, handler),
    entry('open', route, handler),
    entry('authorizer', authorizer, authorize),
  ].map((one) => hostFunction(one, one.handler, clock));
  const gateway = await startGateway({ functions, port: 0, clock, ...options });
  opened.push(gateway);
  return (path: string, init: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> } = {}) =>
    fetch(gateway.url + path, { ...init, headers: { authorization: 'Bearer key', ...init.headers } });
}

const echo: LambdaHandler = async (event) => ({ statusCode: 200, headers: {}, body: JSON.stringify(event) });
/** An authorizer that lets every token use these paths. */
const allowing =
  (...paths: string[]): LambdaHandler =>
  async () => ({
    principalId: 'ada',
    policyDocument: {
      Statement: [{ Effect: 'Allow', Resource: paths.map((path) => `${ARN_PREFIX}/*${path}`) }],
    },
    context: { callerId: 'ada', roles: 'caller' },
  });

async function eventOf(reply: Response): Promise<GatewayEvent> {
  return (await reply.json()) as GatewayEvent;
}

test('the event bears request id, time, authorizer’s context, and the body in base64', async () => {
  const send = await start();
  const body = Buffer.from([0xff, 0x00, 0x7b]);
  const event = await eventOf(await send('/v1/echo?a=1&b=%20x&a=2', { method: 'POST', body }));
  expect(event).toMatchObject({
    httpMethod: 'POST',
    path: '/v1/echo',
    queryStringParameters: { a: '2', b: ' x' },
    isBase64Encoded: true,
    body: body.toString('base64'),
    requestContext: { requestTimeEpoch: clock.nowMs(), authorizer: { callerId: 'ada', roles: 'caller' } },
  });
  expect(event.requestContext.requestId).toMatch(/^[\da-f-]{36}$/);
});

test('a public route has no authorizer’s context, and without a body or a query there is null', async () => {
  const send = await start({ authorize: () => Promise.reject(new Error('must not be asked')) });
  const event = await eventOf(await send('/open'));
  expect(event).toMatchObject({ body: null, isBase64Encoded: false, queryStringParameters: null });
  expect(event.requestContext.authorizer).toBeUndefined();
});

test('each request has an id of its own', async () => {
  const send = await start();
  const events = await Promise.all([send('/open'), send('/open')].map(async (reply) => eventOf(await reply)));
  expect(events[0]!.requestContext.requestId).not.toBe(events[1]!.requestContext.requestId);
});

test('no route is a 404, and so is a known path by another method', async () => {
  const send = await start();
  for (const [method, path] of [
    ['GET', '/v1/echo'],
    ['OPTIONS', '/v1/echo'],
    ['POST', '/open'],
    ['POST', '/v1/echo/'],
    ['GET', '/'],
  ] as const) {
    const reply = await send(path, { method });
    expect([reply.status, ((await reply.json()) as { code: string }).code]).toEqual([404, 'not_found']);
  }
});

test('a body past what Lambda takes as an event is a 413, and one below arrives', async () => {
  const send = await start({ handler: async () => ({ statusCode: 200, headers: {}, body: 'fine' }) });
  const limit = (6 * 1024 * 1024 * 3) / 4;
  const over = await send('/v1/echo', { method: 'POST', body: 'a'.repeat(limit + 1) });
  expect([over.status, ((await over.json()) as { detail: string }).detail]).toEqual([
    413,
    `the body must be at most ${limit} bytes, but ${limit + 1} were sent`,
  ]);
  expect((await send('/v1/echo', { method: 'POST', body: 'a'.repeat(limit) })).status).toBe(200);
});

test('headers past 10,240 bytes are a 431', async () => {
  const send = await start();
  expect((await send('/open', { headers: { 'x-large': 'a'.repeat(10_240) } })).status).toBe(431);
  expect((await send('/open', { headers: { 'x-large': 'a'.repeat(9_000) } })).status).toBe(200);
});

test('after 29 s without an answer the caller gets a 504, while the function runs on', async () => {
  const working = Promise.withResolvers<unknown>();
  const send = await start({ handler: () => working.promise });
  const reply = send('/open');
  await clock.timersSet(2); // the gateway's, and the function's own timeout
  await clock.advance(28_999);
  expect(clock.pending).toBe(2);
  await clock.advance(1);
  const { status, json } = { status: (await reply).status, json: (await (await reply).json()) as { code: string } };
  expect([status, json.code]).toEqual([504, 'gateway_timeout']);
  working.resolve({});
});

test('a function that throws, or is still running at its own timeout, is a 502 that tells nothing', async () => {
  const failing = await start({ handler: () => Promise.reject(new Error('secret reason')) });
  const failed = await failing('/open');
  expect([failed.status, await failed.text()]).toEqual([502, expect.not.stringContaining('secret')]);

  const hanging = await start({ handler: () => new Promise(() => {}), timeoutMs: 5_000 });
  const reply = hanging('/open');
  await clock.timersSet(2);
  await clock.advance(8_000); // its 5 s of work, and what it has to settle
  expect((await reply).status).toBe(502);
});

test('one decision a token serves all routes until its time is over', async () => {
  let asked = 0;
  const authorize: LambdaHandler = (event, context) => {
    asked++;
    return allowing('/v1/echo')(event, context);
  };
  const send = await start({ authorize });
  const post = (authorization: string) => send('/v1/echo', { method: 'POST', headers: { authorization } });
  for (let i = 0; i < 3; i++) expect((await post('Bearer one')).status).toBe(200);
  expect(asked).toBe(1);
  expect((await post('Bearer two')).status).toBe(200);
  expect(asked).toBe(2);
  await clock.advance(60_000);
  expect((await post('Bearer one')).status).toBe(200);
  expect(asked).toBe(3);
});

test('a refusal by policy is cached too; a token that proves nobody is asked about each time', async () => {
  let asked = 0;
  const send = await start({
    authorize: (event, context) => {
      asked++;
      const { authorizationToken } = event as { authorizationToken: string };
      if (authorizationToken !== 'Bearer known') throw new Error('Unauthorized');
      return allowing('/v1/other')(event, context);
    },
  });
  const post = (authorization: string) => send('/v1/echo', { method: 'POST', headers: { authorization } });
  expect([(await post('Bearer known')).status, (await post('Bearer known')).status, asked]).toEqual([403, 403, 1]);
  expect([(await post('Bearer who')).status, (await post('Bearer who')).status, asked]).toEqual([401, 401, 3]);
});

test('an explicit Deny wins over an Allow, and resources match as IAM’s wildcards do', async () => {
  const policy =
    (...statements: object[]): LambdaHandler =>
    async () => ({
      policyDocument: { Statement: statements },
      context: {},
    });
  const statement = (Effect: string, path: string) => ({ Effect, Resource: `${ARN_PREFIX}/POST${path}` });
  const status = async (...statements: object[]) =>
    (await (await start({ authorize: policy(...statements) }))('/v1/echo', { method: 'POST' })).status;
  expect(await status(statement('Allow', '/v1/echo'), statement('Deny', '/*'))).toBe(403);
  expect(await status(statement('Allow', '/v1/*'))).toBe(200);
  expect(await status(statement('Allow', '/v1/ech?'))).toBe(200);
  expect(await status(statement('Allow', '/v1/ech'))).toBe(403);
  expect(await status(statement('Allow', '/v1.echo'))).toBe(403);
});

test('an authorizer that fails otherwise is a 500, never a pass', async () => {
  const send = await start({ authorize: () => Promise.reject(new Error('the table is gone')) });
  const reply = await send('/v1/echo', { method: 'POST' });
  expect([reply.status, await reply.text()]).toEqual([500, expect.not.stringContaining('table')]);
});

test('only an endpoint’s replies bear the given headers, and every reply is told of', async () => {
  const seen: string[] = [];
  const send = await start({
    options: {
      endpointHeaders: { 'x-weir-upstream': 'simulated' },
      onReply: ({ method, path }, { statusCode }) => void seen.push(`${method} ${path} ${statusCode}`),
    },
  });
  expect((await send('/v1/echo', { method: 'POST' })).headers.get('x-weir-upstream')).toBe('simulated');
  expect((await send('/open?q=1')).headers.get('x-weir-upstream')).toBeNull();
  expect(seen).toEqual(['POST /v1/echo 200', 'GET /open?q=1 200']);
});

test('a stop waits for what is under way, and takes nothing new', async () => {
  const working = Promise.withResolvers<unknown>();
  const send = await start({ handler: () => working.promise });
  const reply = send('/open');
  await clock.timersSet(2);
  const stopped = opened.pop()!.stop();
  await expect(send('/open')).rejects.toThrow('fetch failed');
  working.resolve({ statusCode: 200, headers: {}, body: 'done' });
  expect(await (await reply).text()).toBe('done');
  await stopped;
});

test('a stop waits until a reply is read', async () => {
  const body = 'a'.repeat(48_000_000);
  await start({ handler: async () => ({ statusCode: 200, headers: {}, body }) });
  const gateway = opened.pop()!;
  const reply = await streamRequest(`${gateway.url}/open`, { method: 'GET' });
  let isStopped = false;
  const stopped = gateway.stop().then(() => (isStopped = true));
  // More than sockets hold, and longer than a stop takes that waits for nothing.
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
  expect(isStopped).toBe(false);
  expect(await reply.text()).toBe(body);
  await stopped;
});
