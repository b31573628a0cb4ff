import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { RATE_TIERS } from '#edge/callers/rate-tiers.ts';
import { sharedUsageKey } from '#edge/callers/usage-key.ts';
import { startApiGateway, type ApiGatewayPartOptions } from '#infra/local/parts/api-gateway.ts';
import { createApiGateway } from '#platform/aws/api-gateway.ts';
import { createSignedService } from '#platform/aws/signed-service.ts';
import { FakeClock } from '#test/support/fake-clock.ts';

const VALUE = 'a'.repeat(64);

async function start(options: ApiGatewayPartOptions = {}) {
  const part = await startApiGateway(options);
  onTestFinished(() => part.stop());
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const service = { service: 'apigateway', region: 'us-east-1', endpoint: part.endpoint, credentials };
  return { part, client: createApiGateway(createSignedService(service)) };
}

async function planOf(client: Awaited<ReturnType<typeof start>>['client'], rate: number): Promise<string> {
  return (await client.usagePlans()).find(({ throttle }) => throttle?.rateLimit === rate)!.id;
}

/** What stands on the wire: AWS's own SDK reads errors by the status and this header. */
async function raw(endpoint: string, method: string, path: string, body?: object) {
  const reply = await fetch(endpoint + path, { method, ...(body && { body: JSON.stringify(body) }) });
  return [reply.status, reply.headers.get('x-amzn-errortype')?.split(':')[0]];
}

test('it begins with the plans of a deployment, and the key that all share', async () => {
  const { part, client } = await start();
  const plans = await client.usagePlans();
  expect(plans.map(({ name, throttle }) => [name, throttle])).toEqual([
    ...RATE_TIERS.map((tier) => [`weir-local-${tier}-a-second`, { rateLimit: tier, burstLimit: tier }]),
    ['weir-local-shared', undefined],
  ]);
  expect(part.findUsage(sharedUsageKey('local'))).toMatchObject({ throttle: undefined });
});

test('a key is known once it is in a plan, and no more when it is deleted', async () => {
  const { part, client } = await start();
  const made = (await client.createApiKey('weir:local:shop:5', VALUE)) as { id: string };
  expect(part.findUsage(VALUE)).toBeUndefined();
  await client.addToUsagePlan(await planOf(client, 5), made.id);
  expect(part.findUsage(VALUE)).toMatchObject({ keyId: made.id, throttle: { rateLimit: 5, burstLimit: 5 } });
  await client.deleteApiKey(made.id);
  expect(part.findUsage(VALUE)).toBeUndefined();
});

test('where it is told to be slow it knows a key later', async () => {
  const clock = new FakeClock();
  const { part, client } = await start({ clock, settlesMs: 60_000 });
  const made = (await client.createApiKey('n', VALUE)) as { id: string };
  await client.addToUsagePlan(await planOf(client, 1), made.id);
  await clock.advance(59_999);
  expect(part.findUsage(VALUE)).toBeUndefined();
  await clock.advance(1);
  expect(part.findUsage(VALUE)).toBeDefined();
});

test('refusals are those of API Gateway', async () => {
  const { part, client } = await start({ mostApiKeys: 2 });
  const key = { name: 'n', value: VALUE, enabled: true };
  const { endpoint } = part;
  expect(await raw(endpoint, 'POST', '/apikeys', key)).toEqual([201, undefined]);
  expect(await raw(endpoint, 'POST', '/apikeys', key)).toEqual([409, 'ConflictException']);
  const other = { ...key, value: 'b'.repeat(20) };
  expect(await raw(endpoint, 'POST', '/apikeys', other)).toEqual([429, 'LimitExceededException']);
  for (const value of ['b'.repeat(19), 'b'.repeat(129), `${VALUE}-`]) {
    expect(await raw(endpoint, 'POST', '/apikeys', { ...key, value })).toEqual([400, 'BadRequestException']);
  }
  expect(await raw(endpoint, 'DELETE', '/apikeys/nobody')).toEqual([404, 'NotFoundException']);
  const [{ id: keyId } = { id: '' }] = await client.apiKeysNamed('n');
  const inPlan = { keyId, keyType: 'API_KEY' };
  const keysOfPlan = `/usageplans/${await planOf(client, 5)}/keys`;
  expect(await raw(endpoint, 'POST', keysOfPlan, inPlan)).toEqual([201, undefined]);
  expect(await raw(endpoint, 'POST', keysOfPlan, inPlan)).toEqual([409, 'ConflictException']);
  expect(await raw(endpoint, 'POST', '/usageplans/none/keys', inPlan)).toEqual([404, 'NotFoundException']);
  expect(await raw(endpoint, 'DELETE', `/apikeys/${keyId}`)).toEqual([202, undefined]);
  expect(await raw(endpoint, 'GET', '/restapis')).toEqual([403, 'MissingAuthenticationTokenException']);
});

test('lists have pages', async () => {
  const { part } = await start();
  const names: string[] = [];
  let position: string | undefined = '0';
  while (position !== undefined) {
    const reply = await fetch(`${part.endpoint}/usageplans?limit=2&position=${position}`);
    const page = (await reply.json()) as { item: { name: string }[]; position?: string };
    expect(page.item.length).toBeLessThanOrEqual(2);
    names.push(...page.item.map(({ name }) => name));
    ({ position } = page);
  }
  expect(new Set(names).size).toBe(RATE_TIERS.length + 1);
});

test('keys and plans outlive a restart', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'weir-api-gateway-'));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  const first = await startApiGateway({ dataDir });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const service = { service: 'apigateway', region: 'us-east-1', endpoint: first.endpoint, credentials };
  const client = createApiGateway(createSignedService(service));
  const made = (await client.createApiKey('n', VALUE)) as { id: string };
  const planId = await planOf(client, 5);
  await client.addToUsagePlan(planId, made.id);
  await first.stop();
  const { part, client: again } = await start({ dataDir });
  expect(part.findUsage(VALUE)).toMatchObject({ keyId: made.id, planId });
  expect(await again.usagePlans()).toHaveLength(RATE_TIERS.length + 1);
  expect(part.findUsage(sharedUsageKey('local'))).toBeDefined();
});
