import { expect, test } from 'vitest';
import { createJsonService, type JsonServiceOptions } from '#platform/aws/json-service.ts';
import { FakeClock } from '#test/support/fake-clock.ts';
import { signatureOf, startStepServer, type Step } from './step-server.ts';

/** A service that does one step a request, the last one for ever, and a client of it. */
async function start(steps: readonly Step[], options: Partial<JsonServiceOptions> = {}) {
  const { endpoint, seen } = await startStepServer(steps);
  const send = createJsonService({
    service: 'dynamodb',
    targetPrefix: 'DynamoDB_20120810',
    jsonVersion: '1.0',
    region: 'eu-central-1',
    endpoint,
    credentials: { accessKeyId: 'an-id', secretAccessKey: 'a-secret' },
    clock: new FakeClock(),
    random: () => 0,
    ...options,
  });
  return { send, seen };
}

const fine: Step = [200, '{"fine":true}'];
const refused = (type: string, status = 400): Step => [
  status,
  JSON.stringify({ __type: `com.amazonaws.x#${type}`, message: 'why' }),
];

test('an operation is one signed POST in AWS’s JSON', async () => {
  const { send, seen } = await start([fine]);
  expect(await send('GetItem', { TableName: 't', Text: 'ä€😀' })).toEqual({ fine: true });
  expect(seen).toHaveLength(1);
  expect(seen[0]!.body).toBe('{"TableName":"t","Text":"ä€😀"}');
  expect(seen[0]!.headers).toMatchObject({
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': 'DynamoDB_20120810.GetItem',
    'content-length': String(Buffer.byteLength(seen[0]!.body)),
    authorization: expect.stringMatching(
      /^AWS4-HMAC-SHA256 Credential=an-id\/\d{8}\/eu-central-1\/dynamodb\/aws4_request, /,
    ),
  });
  expect(seen[0]!.headers.authorization).toContain(`Signature=${signatureOf(seen[0]!, 'a-secret')}`);
  expect(JSON.stringify(seen)).not.toContain('a-secret');
});

test('a session’s token is sent along and signed', async () => {
  const { send, seen } = await start([fine], {
    credentials: { accessKeyId: 'i', secretAccessKey: 's', sessionToken: 'token' },
  });
  await send('GetItem', {});
  expect(seen[0]!.headers['x-amz-security-token']).toBe('token');
  expect(seen[0]!.headers.authorization).toContain('x-amz-security-token');
});

test.each<[string, Step]>([
  ['500', [500, '']],
  ['503 with a page', [503, '<html>']],
  ['a throttle', refused('ThrottlingException')],
  ['a hot partition', refused('ProvisionedThroughputExceededException')],
  ['a reset connection', 'reset'],
  ['a cut reply', 'half'],
  ['a reply that is no JSON', [200, '{"cut":']],
])('after %s it tries again, three times in all', async (_what, step) => {
  const healed = await start([step, step, fine]);
  expect(await healed.send('GetItem', {})).toEqual({ fine: true });
  expect(healed.seen).toHaveLength(3);
  const broken = await start([step]);
  await expect(broken.send('GetItem', {})).rejects.toThrow();
  expect(broken.seen).toHaveLength(3);
});

test('a repeat sends the same body', async () => {
  const { send, seen } = await start([[500, ''], fine]);
  await send('PutItem', { Item: { a: 1 } });
  expect(seen.map(({ body }) => body)).toEqual(['{"Item":{"a":1}}', '{"Item":{"a":1}}']);
});

test('with one attempt there is one', async () => {
  const { send, seen } = await start([[500, '']]);
  await expect(send('UpdateItem', {}, { attempts: 1 })).rejects.toMatchObject({ name: 'UnknownError', status: 500 });
  expect(seen).toHaveLength(1);
});

test.each([
  'ConditionalCheckFailedException',
  'ResourceNotFoundException',
  'ValidationException',
  'AccessDeniedException',
])('%s is final, and told by its name', async (name) => {
  const { send, seen } = await start([refused(name)]);
  await expect(send('PutItem', {})).rejects.toMatchObject({ name, status: 400, message: 'why' });
  expect(seen).toHaveLength(1);
});

test('no answer within the time is an error with its code, after as many attempts', async () => {
  const { send, seen } = await start(['hang']);
  await expect(send('GetItem', {}, { timeoutMs: 40, attempts: 2 })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  expect(seen).toHaveLength(2);
});

test('the wait between attempts is drawn at random below a bound that doubles', async () => {
  const clock = new FakeClock();
  const { send, seen } = await start([[500, ''], [500, ''], fine], { clock, random: () => 0.5 });
  const reply = send('GetItem', {});
  await clock.timersSet(1);
  await clock.advance(24);
  expect([seen.length, clock.pending]).toEqual([1, 1]);
  await clock.advance(1);
  await clock.timersSet(1);
  await clock.advance(49);
  expect([seen.length, clock.pending]).toEqual([2, 1]);
  await clock.advance(1);
  expect(await reply).toEqual({ fine: true });
});

test('where nobody listens the transport’s error is told', async () => {
  const { send } = await start([fine], { endpoint: 'http://127.0.0.1:1' });
  await expect(send('GetItem', {})).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
