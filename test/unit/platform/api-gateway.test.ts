import { expect, test } from 'vitest';
import { createApiGateway } from '#platform/aws/api-gateway.ts';
import { createSignedService } from '#platform/aws/signed-service.ts';
import { FakeClock } from '#test/support/fake-clock.ts';
import { signatureOf, startStepServer, type Step } from './step-server.ts';

async function start(steps: readonly Step[]) {
  const { endpoint, seen } = await startStepServer(steps);
  const credentials = { accessKeyId: 'an-id', secretAccessKey: 'a-secret' };
  const service = { service: 'apigateway', region: 'eu-central-1', clock: new FakeClock(), random: () => 0 };
  return { client: createApiGateway(createSignedService({ ...service, endpoint, credentials })), seen };
}

const refused = (status: number, type: string): Step => [
  status,
  JSON.stringify({ message: 'why' }),
  { 'x-amzn-errortype': `${type}:http://internal.amazon.com/coral/com.amazonaws.apigateway.model/` },
];
const VALUE = 'a'.repeat(64);

test('each call is one signed request, and asks for plain JSON', async () => {
  const { client, seen } = await start([
    [201, '{"id":"k1"}'],
    [200, '{"item":[]}'],
    [202, ''],
    [200, '{"item":[]}'],
    [201, '{"id":"k1"}'],
  ]);
  expect(await client.createApiKey('weir:a:shop:5', VALUE)).toEqual({ id: 'k1' });
  await client.apiKeysNamed('weir:a:shop:');
  await client.deleteApiKey('k1');
  await client.usagePlans();
  await client.addToUsagePlan('p1', 'k1');
  expect(seen.map(({ method, path, body }) => [method, path, body])).toEqual([
    ['POST', '/apikeys', JSON.stringify({ name: 'weir:a:shop:5', value: VALUE, enabled: true })],
    ['GET', '/apikeys?limit=500&name=weir%3Aa%3Ashop%3A', ''],
    ['DELETE', '/apikeys/k1', ''],
    ['GET', '/usageplans?limit=500', ''],
    ['POST', '/usageplans/p1/keys', '{"keyId":"k1","keyType":"API_KEY"}'],
  ]);
  for (const request of seen) {
    expect(request.headers['accept']).toBe('application/json');
    expect(request.headers.authorization).toContain('/eu-central-1/apigateway/aws4_request');
    expect(request.headers.authorization).toContain(`Signature=${signatureOf(request, 'a-secret')}`);
  }
});

test('lists come page by page, and of keys those alone whose names begin as asked', async () => {
  const named = (name: string, id: string) => ({ id, name });
  const first = { item: [named('weir:a:shop:5', '1'), named('Weir:a:shop:5', '2')], position: 'a+b/=' };
  const { client, seen } = await start([
    [200, JSON.stringify(first)],
    [200, JSON.stringify({ item: [named('weir:a:shop:10', '3')] })],
  ]);
  expect((await client.apiKeysNamed('weir:a:shop:')).map(({ id }) => id)).toEqual(['1', '3']);
  expect(seen[1]!.path).toBe('/apikeys?limit=500&name=weir%3Aa%3Ashop%3A&position=a%2Bb%2F%3D');
});

test('a value that is taken and an account that is full are told, and not asked for again', async () => {
  const taken = await start([refused(409, 'ConflictException')]);
  expect(await taken.client.createApiKey('n', VALUE)).toBe('exists');
  const full = await start([refused(429, 'LimitExceededException')]);
  expect(await full.client.createApiKey('n', VALUE)).toBe('full');
  expect([taken.seen.length, full.seen.length]).toEqual([1, 1]);
});

test('a throttle and a failure are tried again, what is refused is not', async () => {
  const throttled = await start([refused(429, 'TooManyRequestsException'), [503, ''], [201, '{"id":"k1"}']]);
  expect(await throttled.client.createApiKey('n', VALUE)).toEqual({ id: 'k1' });
  const denied = await start([refused(403, 'AccessDeniedException')]);
  await expect(denied.client.usagePlans()).rejects.toMatchObject({ name: 'AccessDeniedException', status: 403 });
  expect(denied.seen).toHaveLength(1);
});

test('what is done already is done: a key that is gone, and one that is in its plan', async () => {
  const gone = await start([refused(404, 'NotFoundException')]);
  await gone.client.deleteApiKey('k1');
  const there = await start([refused(409, 'ConflictException')]);
  await there.client.addToUsagePlan('p1', 'k1');
  await expect(gone.client.addToUsagePlan('p1', 'k1')).rejects.toMatchObject({ name: 'NotFoundException' });
});
