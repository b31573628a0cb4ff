import { afterEach, beforeEach, expect, test } from 'vitest';
import { awsError, dropRequest } from '#test/support/fault-proxy.ts';
import { countOf } from '#test/support/gateway-before.ts';
import { patientDynamoDb } from '#test/support/patient-dynamodb.ts';
import { plainAnswers } from '#test/support/plain-answers.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { WeirEnvironment } from '#test/support/weir-environment.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

let parts: AsyncDisposableStack;
let upstream: ScriptedUpstream;
let weir: Weir;
beforeEach(async () => {
  parts = new AsyncDisposableStack();
  upstream = parts.use(await startScriptedUpstream());
  upstream.otherwise(plainAnswers);
  weir = parts.use(await startWeir({ baseUrl: upstream.baseUrl }));
});
afterEach(() => parts.disposeAsync());

const counted = { requestsPerSecond: 5 } as const;
const chat = { model: 'gpt-6-luna', messages: [{ role: 'user', content: 'What is a weir?' }] };
const summarize = (environment: WeirEnvironment, number: number, options: object = counted) =>
  environment.post('summarize', { text: `Text ${number}` }, options);
const rateWrites = () => weir.dynamoDb.requests.filter(({ body }) => body.includes('rate#'));
const many = <Result>(count: number, work: (number: number) => Promise<Result>) =>
  Promise.all(Array.from({ length: count }, (_, number) => work(number)));

test('two environments over one table let 5 through between them, each second anew', async () => {
  // A request that is given up and asked again counts twice: right, and not what this is about.
  const dynamo = patientDynamoDb(weir.dynamoDb.endpoint);
  const environments = [weir, weir.newEnvironment()].map(
    ({ platform }) => new WeirEnvironment(weir.entries, { ...platform, dynamo }),
  );
  for (let second = 0; second < 3; second++) {
    const replies = await many(40, (number) => summarize(environments[number % 2]!, second * 100 + number));
    expect(countOf(replies.map(({ status }) => status))).toEqual({ 200: 5, 429: 35 });
    await weir.clock.advance(1_000);
  }
  expect(upstream.requests).toHaveLength(15);
});

test('requests count in the second in which they came in, however long their functions took to start', async () => {
  const requestTimeMs = weir.clock.nowMs();
  const atOnce = { ...counted, requestTimeMs };
  const replies = [];
  for (let number = 0; number < 8; number++) {
    replies.push(await summarize(weir.newEnvironment(), number, atOnce));
    await weir.clock.advance(500);
  }
  expect(countOf(replies.map(({ status }) => status))).toEqual({ 200: 5, 429: 3 });
});

test('what is over the rate is told when to come back, reads nothing, holds nothing and asks no model', async () => {
  await many(5, (number) => summarize(weir, number));
  const [asked, answered] = [weir.dynamoDb.requests.length, upstream.requests.length];
  const over = await summarize(weir, 5);
  expect([over.status, over.headers['retry-after'], over.body['code']]).toEqual([429, '1', 'throttled']);
  expect(weir.dynamoDb.requests.slice(asked).map(({ operation }) => operation)).toEqual(['UpdateItem']);
  // Who hammers on is refused without a write, while it is the same second and the same caller.
  await many(20, () => summarize(weir, 6));
  expect(weir.dynamoDb.requests).toHaveLength(asked + 1);
  expect(upstream.requests).toHaveLength(answered);
  expect((await summarize(weir, 7, { ...counted, caller: 'bob' })).status).toBe(200);
});

test('a request costs one write of the count, and one without a rate none', async () => {
  await summarize(weir, 1);
  expect(rateWrites()).toHaveLength(1);
  await summarize(weir, 2, {});
  expect(rateWrites()).toHaveLength(1);
});

test('the count goes by itself: DynamoDB is told when', async () => {
  await summarize(weir, 1);
  const second = Math.floor(weir.clock.nowMs() / 1000);
  const item = await weir.platform.dynamo.get(weir.platform.config.tables.jobs, { pk: `rate#ada#${second}` });
  expect(item).toMatchObject({ taken: 1n, expiresAt: BigInt(second + 3_600) });
});

test('endpoints share the count, in the words of each, and malformed requests count too', async () => {
  const malformed = await many(2, () => weir.post('summarize', { wrong: true }, counted));
  expect(malformed.map(({ status }) => status)).toEqual([400, 400]);
  const posts = [
    await weir.post('moderate', { text: 'a' }, counted),
    await weir.post('openai/chat-completions', chat, counted),
    await summarize(weir, 1),
  ];
  expect(posts.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((await weir.post('embed', { texts: ['a'] }, counted)).body['code']).toBe('throttled');
  const compatible = await weir.post('openai/chat-completions', chat, counted);
  expect([compatible.status, compatible.headers['retry-after'], compatible.body]).toMatchObject([
    429,
    '1',
    { error: { type: 'rate_limit_error', code: 'throttled' } },
  ]);
});

test.each([
  ['refuses', awsError('AccessDeniedException')],
  ['does not answer', dropRequest],
])('a table that %s: 503, no model is asked and nothing is held', async (_, fault) => {
  weir.dynamoDb.rules.push({ bodyIncludes: 'rate#', fault });
  const reply = await summarize(weir, 1);
  expect([reply.status, reply.body['code']]).toEqual([503, 'rate_unavailable']);
  expect(upstream.requests).toEqual([]);
  expect(await weir.budget('summarize')).toBeUndefined();
  // Who is not counted does not hear of it.
  expect((await summarize(weir, 2, {})).status).toBe(200);
});
