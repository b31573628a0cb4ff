import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SignedService } from '#platform/aws/signed-service.ts';
import { awsError, dropAnswer, dropRequest } from '#test/support/fault-proxy.ts';
import { startGatewayBefore, type GatewayBefore } from '#test/support/gateway-before.ts';
import { plainAnswers } from '#test/support/plain-answers.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { WeirEnvironment } from '#test/support/weir-environment.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

const MINUTE_MS = 60_000;
const SETTLED_MS = 15 * MINUTE_MS;

let parts: AsyncDisposableStack;
let weir: Weir;
let gateway: GatewayBefore;
beforeEach(async () => {
  parts = new AsyncDisposableStack();
  const upstream = parts.use(await startScriptedUpstream());
  upstream.otherwise(plainAnswers);
  weir = parts.use(await startWeir({ baseUrl: upstream.baseUrl, apiGateway: { settlesMs: 10 * MINUTE_MS } }));
  gateway = parts.use(await startGatewayBefore(weir));
});
afterEach(() => parts.disposeAsync());

const asAdministrator = { caller: 'root', roles: ['administrator'] } as const;
const of = (id: string) => ({ ...asAdministrator, params: { id } });
const summarize = (key: string) => ({ path: '/v1/summarize', key, body: { text: 'A weir is a low wall.' } });

/** The process dies at one of its requests to API Gateway: before it is sent, or before its answer is read. */
interface Death {
  readonly at: number;
  readonly isSent: boolean;
}

const DEATHS: readonly Death[] = [1, 2, 3, 4].flatMap((at) => [
  { at, isSent: false },
  { at, isSent: true },
]);

/** An environment that dies so, and a promise of the moment. What it was asked is never answered. */
function dyingEnvironment({ at, isSent }: Death): { environment: WeirEnvironment; died: Promise<void> } {
  const { promise: died, resolve: die } = Promise.withResolvers<void>();
  let requests = 0;
  const signedService: Weir['platform']['signedService'] = (name) => {
    const send = weir.platform.signedService(name);
    const dying: SignedService = async (operation, options) => {
      if (++requests !== at) return send(operation, options);
      if (isSent) await send(operation, options).catch(() => undefined);
      die();
      return new Promise(() => undefined);
    };
    return dying;
  };
  return { environment: new WeirEnvironment(weir.entries, { ...weir.platform, signedService }), died };
}

/** Whether the environment died. What was asked of it is left alone then. */
async function diesDuring(death: Death, work: (environment: WeirEnvironment) => Promise<unknown>): Promise<boolean> {
  const { environment, died } = dyingEnvironment(death);
  return Promise.race([died.then(() => true), work(environment).then(() => false)]);
}

async function keyOf(id: string): Promise<string> {
  const { status, body } = await weir.post('security/rotate-caller-key', { overlapSeconds: 0 }, of(id));
  expect([status, body['detail']]).toEqual([201, undefined]);
  return body['key'] as string;
}

const setRate = (requestsPerSecond: number) => weir.put('security/change-caller', { requestsPerSecond }, of('shop'));

async function expectHeldByApiGateway(key: string): Promise<void> {
  await weir.clock.advance(SETTLED_MS);
  const { body } = await weir.get('security/read-caller', {}, of('shop'));
  expect(body).toMatchObject({ requestsPerSecond: 5, rateHeldBy: 'api-gateway' });
  expect(await gateway.burst(20, summarize(key))).toEqual({ 200: 5, 429: 15 });
}

async function apiKeyNames(): Promise<string[]> {
  const items = await weir.platform.signedService('apigateway')({
    method: 'GET',
    path: '/apikeys?limit=500',
    headers: { accept: 'application/json' },
    body: '',
    read: (text) => (JSON.parse(text) as { item: { name: string }[] }).item,
    readError: () => {
      throw new Error('the part refuses');
    },
  });
  return items.map(({ name }) => name).sort();
}

test.each(DEATHS)(
  'a caller whose making dies at %o comes in with no key, and is held to its rate ever after',
  async (death) => {
    const died = await diesDuring(death, (environment) =>
      environment.post('security/create-caller', { id: 'shop', requestsPerSecond: 5 }, asAdministrator),
    );
    // It makes three requests.
    expect(died).toBe(death.at <= 3);
    if (died) {
      const { body } = await weir.get('security/read-caller', {}, of('shop'));
      expect(body).toMatchObject({ requestsPerSecond: 5, rateHeldBy: 'weir', keys: [] });
    }
    const key = await keyOf('shop');
    expect(await gateway.burst(20, summarize(key))).toEqual({ 200: 5, 429: 15 });
    expect((await setRate(5)).status).toBe(200);
    await expectHeldByApiGateway(key);
    expect(await apiKeyNames()).toEqual(['weir-local-shared', 'weir:local:shop:5']);
  },
);

test.each(DEATHS)(
  'a change that dies at %o has changed nothing, refuses nobody, and is done by doing it again',
  async (death) => {
    await weir.post('security/create-caller', { id: 'shop', requestsPerSecond: 10 }, asAdministrator);
    const key = await keyOf('shop');
    await weir.clock.advance(SETTLED_MS);
    expect(await gateway.burst(20, summarize(key))).toEqual({ 200: 10, 429: 10 });
    const died = await diesDuring(death, (environment) =>
      environment.put('security/change-caller', { requestsPerSecond: 5 }, of('shop')),
    );
    expect(died).toBe(death.at <= 3);
    await weir.clock.advance(MINUTE_MS);
    expect(await gateway.burst(20, summarize(key))).toEqual(died ? { 200: 10, 429: 10 } : { 200: 5, 429: 15 });
    expect((await setRate(5)).status).toBe(200);
    await expectHeldByApiGateway(key);
    expect(await apiKeyNames()).toEqual(['weir-local-shared', 'weir:local:shop:10', 'weir:local:shop:5']);
  },
);

test.each(DEATHS)('a revocation that dies at %o holds, and doing it again leaves no API key', async (death) => {
  await weir.post('security/create-caller', { id: 'shop', requestsPerSecond: 10 }, asAdministrator);
  // Of one whose name begins alike, nothing is taken.
  await weir.post('security/create-caller', { id: 'shop2', requestsPerSecond: 10 }, asAdministrator);
  const key = await keyOf('shop');
  await setRate(5);
  const died = await diesDuring(death, (environment) => environment.delete('security/revoke-caller', of('shop')));
  // It lists them, and deletes two.
  expect(died).toBe(death.at <= 3);
  await weir.clock.advance(MINUTE_MS);
  expect(await gateway.burst(3, summarize(key))).toEqual({ 401: 3 });
  const again = await weir.delete('security/revoke-caller', of('shop'));
  expect([again.status, again.body['state']]).toEqual([200, 'revoked']);
  expect(await apiKeyNames()).toEqual(['weir-local-shared', 'weir:local:shop2:10']);
});

test.each([
  ['is throttled', awsError('TooManyRequestsException', { status: 429 })],
  ['fails', awsError('ServiceUnavailableException', { status: 503 })],
  ['loses what is asked', dropRequest],
  ['loses its answers', dropAnswer],
])('while API Gateway’s control plane %s, a caller is made all the same, and Weir counts', async (_, fault) => {
  weir.apiGateway.rules.push({ fault });
  const { status, body } = await weir.post(
    'security/create-caller',
    { id: 'shop', requestsPerSecond: 5 },
    asAdministrator,
  );
  expect([status, body['caller']]).toMatchObject([201, { rateHeldBy: 'weir', keys: [{}] }]);
  expect(weir.logged('Weir counts the requests of a caller by itself')).toHaveLength(1);
  await weir.clock.advance(SETTLED_MS);
  const key = body['key'] as string;
  expect(await gateway.burst(20, summarize(key))).toEqual({ 200: 5, 429: 15 });
  weir.apiGateway.rules.length = 0;
  expect((await setRate(5)).status).toBe(200);
  await expectHeldByApiGateway(key);
});

test('one answer that is lost is asked for again, and makes no second API key', async () => {
  weir.apiGateway.rules.push({ nth: [1, 3, 6], fault: dropAnswer });
  const { body } = await weir.post('security/create-caller', { id: 'shop', requestsPerSecond: 5 }, asAdministrator);
  await expectHeldByApiGateway(body['key'] as string);
  expect(await apiKeyNames()).toEqual(['weir-local-shared', 'weir:local:shop:5']);
});

test('two changes at once leave one rate, whole', async () => {
  await weir.post('security/create-caller', { id: 'shop', requestsPerSecond: 1 }, asAdministrator);
  const key = await keyOf('shop');
  const replies = await Promise.all([setRate(10), setRate(25), setRate(10), setRate(25)]);
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  await weir.clock.advance(SETTLED_MS);
  const { body } = await weir.get('security/read-caller', {}, of('shop'));
  const rate = body['requestsPerSecond'] as number;
  expect([10, 25]).toContain(rate);
  expect(await gateway.burst(40, summarize(key))).toEqual({ 200: rate, 429: 40 - rate });
});
