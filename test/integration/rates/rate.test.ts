import OpenAI, { RateLimitError } from 'openai';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { toCallerItem } from '#edge/caller-key.ts';
import { countOf, startGatewayBefore, type GatewayBefore } from '#test/support/gateway-before.ts';
import { plainAnswers } from '#test/support/plain-answers.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
/** So long Weir counts by itself after a rate is given. */
const SETTLED_MS = 15 * MINUTE_MS;

let parts: AsyncDisposableStack;
let upstream: ScriptedUpstream;
let weir: Weir;
let gateway: GatewayBefore;
beforeEach(async () => {
  parts = new AsyncDisposableStack();
  upstream = parts.use(await startScriptedUpstream());
  upstream.otherwise(plainAnswers);
  // As slow as AWS may be to know a key that was put into a plan.
  weir = parts.use(await startWeir({ baseUrl: upstream.baseUrl, apiGateway: { settlesMs: 10 * MINUTE_MS } }));
  gateway = parts.use(await startGatewayBefore(weir));
});
afterEach(() => parts.disposeAsync());

const asAdministrator = { caller: 'root', roles: ['administrator'] } as const;
const of = (id: string) => ({ ...asAdministrator, params: { id } });

async function create(id: string, more: object = {}): Promise<string> {
  const { status, body } = await weir.post('security/create-caller', { id, ...more }, asAdministrator);
  expect([status, body['detail']]).toEqual([201, undefined]);
  return body['key'] as string;
}

const summarize = (key: string, text = 'A weir is a low wall.') => ({ path: '/v1/summarize', key, body: { text } });
const rateWrites = () => weir.dynamoDb.requests.filter(({ body }) => body.includes('rate#')).length;

const WAYS = [
  ['Weir itself counts', 'weir', 0],
  ['API Gateway counts', 'api-gateway', SETTLED_MS],
] as const;

test.each(WAYS)(
  '5 requests a second, and 50 come: 5 are answered, 45 are told to come back, and a second later 5 more are answered; %s',
  async (_, rateHeldBy, laterMs) => {
    const key = await create('shop', { requestsPerSecond: 5 });
    await weir.clock.advance(laterMs);
    const { body } = await weir.get('security/read-caller', {}, of('shop'));
    expect(body).toMatchObject({ requestsPerSecond: 5, rateHeldBy });
    const texts = Array.from({ length: 50 }, (_each, number) => `Text ${number}`);
    const replies = await Promise.all(texts.map((text) => gateway.send(summarize(key, text))));
    expect(countOf(replies.map(({ status }) => status))).toEqual({ 200: 5, 429: 45 });
    expect(upstream.requests).toHaveLength(5);
    for (const reply of replies.filter(({ status }) => status === 429)) {
      expect([reply.headers.get('retry-after'), reply.headers.get('x-should-retry')]).toEqual(['1', null]);
      expect(await reply.json()).toMatchObject({ code: 'throttled', status: 429 });
    }
    expect(await weir.ledger()).toHaveLength(5);
    await weir.clock.advance(SECOND_MS);
    expect(await gateway.burst(50, summarize(key))).toEqual({ 200: 5, 429: 45 });
    expect(rateWrites() > 0).toBe(rateHeldBy === 'weir');
  },
);

test.each(WAYS)(
  'two keys of one caller share its rate, another caller has its own; %s',
  async (_, rateHeldBy, laterMs) => {
    const key = await create('shop', { requestsPerSecond: 5 });
    const rotated = await weir.post('security/rotate-caller-key', { overlapSeconds: 86_400 }, of('shop'));
    const other = await create('shop2', { requestsPerSecond: 5 });
    await weir.clock.advance(laterMs);
    for (const id of ['shop', 'shop2']) {
      expect((await weir.get('security/read-caller', {}, of(id))).body).toMatchObject({ rateHeldBy });
    }
    const bursts = [key, rotated.body['key'] as string, other].map((each) => gateway.burst(10, summarize(each)));
    const [first, second, others] = await Promise.all(bursts);
    expect((first![200] ?? 0) + (second![200] ?? 0)).toBe(5);
    expect(others).toEqual({ 200: 5, 429: 5 });
  },
);

test('the rate holds over all routes together', async () => {
  const key = await create('shop', { requestsPerSecond: 10, roles: ['caller', 'finance'] });
  await weir.clock.advance(SETTLED_MS);
  const bursts = [
    summarize(key),
    { path: '/v1/moderate', key, body: { text: 'a' } },
    { path: '/openai/v1/models', key },
    { path: '/v1/spend', key },
  ].map((asked) => gateway.burst(10, asked));
  const answered = (await Promise.all(bursts)).map((counts) => counts[200] ?? 0);
  expect(answered.reduce((sum, each) => sum + each)).toBe(10);
});

test('a caller without a rate, and one that setup makes, are held to none of their own and cost no count', async () => {
  const key = await create('free');
  const freely = (each: string) => gateway.burst(120, { path: '/openai/v1/models', key: each });
  expect([await freely(key), await gateway.burst(9, summarize(key))]).toEqual([{ 200: 120 }, { 200: 9 }]);
  const { dynamo, config } = weir.platform;
  const own = { id: 'first', roles: ['caller'], endpoints: ['*'] } as const;
  await dynamo.put(config.tables.callers, toCallerItem('a-key-of-setup', own));
  expect(await freely('a-key-of-setup')).toEqual({ 200: 120 });
  expect(await gateway.burst(9, summarize('a-key-of-setup'))).toEqual({ 200: 9 });
  const { body } = await weir.get('security/read-caller', {}, of('free'));
  expect([body['requestsPerSecond'], body['rateHeldBy']]).toEqual([null, undefined]);
  expect(rateWrites()).toBe(0);
  expect(weir.apiGateway.requests).toEqual([]);
});

test.each(WAYS)('the stock OpenAI SDK sees a RateLimitError; %s', async (_, _heldBy, laterMs) => {
  const apiKey = await create('shop', { requestsPerSecond: 1 });
  await weir.clock.advance(laterMs);
  const client = new OpenAI({ baseURL: `${gateway.url}/openai/v1`, apiKey, maxRetries: 0 });
  const ask = () =>
    client.chat.completions.create({ model: 'gpt-6-luna', messages: [{ role: 'user', content: 'What is a weir?' }] });
  await ask();
  const raised = await ask().catch((error: unknown) => error);
  expect(raised).toBeInstanceOf(RateLimitError);
  const { code, headers } = raised as RateLimitError;
  expect([code, headers.get('retry-after')]).toEqual(['throttled', '1']);
});

test('a change of rate holds within 60 s, and no request is refused for anything but its rate, however slow AWS is', async () => {
  const key = await create('shop', { requestsPerSecond: 5 });
  /** How many of 12 at once are answered, at each of these moments (s) after the change before. */
  const watch = async () => {
    const answered: number[] = [];
    let nowSeconds = 0;
    for (const second of MOMENTS) {
      await weir.clock.advance((second - nowSeconds) * SECOND_MS);
      nowSeconds = second;
      const { 200: taken = 0, 429: refused = 0, ...others } = await gateway.burst(12, summarize(key));
      expect([others, taken + refused], `after ${second} s`).toEqual([{}, 12]);
      answered.push(taken);
    }
    return answered;
  };
  expect(await watch()).toEqual(MOMENTS.map(() => 5));
  for (const [requestsPerSecond, answered] of [
    [10, 10],
    [1, 1],
    [5, 5],
    [null, 12],
  ] as const) {
    const { status } = await weir.put('security/change-caller', { requestsPerSecond }, of('shop'));
    expect(status).toBe(200);
    const [, ...later] = await watch();
    expect(later, `rate ${requestsPerSecond}`).toEqual(later.map(() => answered));
  }
}, 60_000);

/** Within the authorizer's cache, at its end, while AWS does not know the key yet, and about when Weir leaves the count to it. */
const MOMENTS = [30, 60, 300, 599, 600, 870, 900, 930, 960, 1_200];

test('revoked, a caller leaves no API key behind, and is out within 60 s', async () => {
  const key = await create('leaver', { requestsPerSecond: 5 });
  await weir.put('security/change-caller', { requestsPerSecond: 10 }, of('leaver'));
  await weir.clock.advance(SETTLED_MS);
  expect(await gateway.burst(1, summarize(key))).toEqual({ 200: 1 });
  const before = weir.apiGateway.requests.length;
  expect((await weir.delete('security/revoke-caller', of('leaver'))).status).toBe(200);
  const asked = weir.apiGateway.requests.slice(before).map(({ operation }) => operation.split(' ')[0]);
  expect(asked).toEqual(['GET', 'DELETE', 'DELETE']);
  // By a decision that was made before, its API key is asked for, and is gone.
  expect(await gateway.burst(1, summarize(key))).toEqual({ 403: 1 });
  await weir.clock.advance(MINUTE_MS);
  expect(await gateway.burst(1, summarize(key))).toEqual({ 401: 1 });
});

test('where the account has no more API keys, Weir counts for good', async () => {
  await using full = await startWeir({ baseUrl: upstream.baseUrl, apiGateway: { mostApiKeys: 1 } });
  await using before = await startGatewayBefore(full);
  const made = await full.post('security/create-caller', { id: 'late', requestsPerSecond: 5 }, asAdministrator);
  expect([made.status, made.body['caller']]).toMatchObject([201, { requestsPerSecond: 5, rateHeldBy: 'weir' }]);
  // A quota is no throttle: nobody asks again at once.
  expect(full.apiGateway.requests.map(({ operation }) => operation.split('?')[0])).toEqual([
    'GET /usageplans',
    'POST /apikeys',
  ]);
  await full.clock.advance(10 * SETTLED_MS);
  expect(await before.burst(50, summarize(made.body['key'] as string))).toEqual({ 200: 5, 429: 45 });
});

test.each([7, 0, 1.5, '5', 'all', 101])('a rate of %j is refused, with those that there are', async (rate) => {
  const { status, body } = await weir.post(
    'security/create-caller',
    { id: 'odd', requestsPerSecond: rate },
    asAdministrator,
  );
  expect([status, body['errors']]).toMatchObject([400, [{ field: 'requestsPerSecond' }]]);
  expect(body['detail']).toMatch(/^requestsPerSecond must be one of 1, 5, 10, 25, 50, 100, but /);
});

test('the audit trail says who gave whom which rate', async () => {
  await create('shop', { requestsPerSecond: 5 });
  await weir.clock.advance(SECOND_MS);
  await weir.put('security/change-caller', { requestsPerSecond: null }, of('shop'));
  const { body } = await weir.get('security/read-audit', {}, asAdministrator);
  expect(body['entries']).toMatchObject([
    { action: 'caller.create', subject: 'caller:shop', details: { requestsPerSecond: 5 }, outcome: 'done' },
    { action: 'caller.change', subject: 'caller:shop', details: { requestsPerSecond: null }, outcome: 'done' },
  ]);
});
