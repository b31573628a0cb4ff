import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import * as z from 'zod';
import { defineEndpoint } from '#edge/define-endpoint.ts';
import type { EndpointCall } from '#edge/endpoint-definition.ts';
import { small } from '#edge/models.ts';
import { httpTransport } from '#platform/aws/http-transport.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import { awsError, dropAnswer, dropRequest, holdAnswer, holdRequest } from '#test/support/fault-proxy.ts';
import { haiku, serving } from '#test/support/haiku.ts';
import { badRequest } from '#test/support/scripted-failures.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer, choose, hang, resetAfterBilling } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

const RESERVE = { operation: 'UpdateItem', bodyIncludes: 'available - :max' };
const SETTLE = { operation: 'UpdateItem', bodyIncludes: ':heldMinusActual' };
const TOP_UP = { operation: 'UpdateItem', bodyIncludes: 'available - :more' };
const ANNOUNCE = { operation: 'PutItem', bodyIncludes: 'endpoints#' };

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

const output = z.strictObject({ words: z.array(z.string()) });

/** An endpoint whose `run` is the test's own. */
function running(run: (call: EndpointCall) => Promise<z.output<typeof output>>) {
  return defineEndpoint({
    summary: 'Whatever the test does.',
    input: z.strictObject({ topic: z.string() }),
    output,
    example: { topic: 'rain' },
    model: small,
    limits: { timeoutMs: 25_000, maxOutputTokens: 100 },
    run: (_, call) => run(call),
  });
}

const ask = (call: EndpointCall, input: string) =>
  call.respond({ instructions: 'One word.', input, output: z.strictObject({ word: z.string() }) });

test('L13 questions side by side: when one fails, the others are ended and stand in the ledger before the reply', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.otherwise(choose(({ rawBody }) => (rawBody.includes('slow one') ? hang() : badRequest())));
  const endpoint = running(async (call) => {
    const slow = ask(call, 'the slow one');
    // Not before the upstream has it: otherwise there is nothing to end.
    await upstream.received(1);
    const words = await Promise.all([slow, ask(call, 'the wrong one')]);
    return { words: words.map(({ word }) => word) };
  });
  const reply = await serving(weir, { twice: endpoint }).post('twice', { topic: 'rain' });
  expect(reply.status).toBe(400);
  const [entry, ...others] = await weir.ledger();
  expect(others).toEqual([]);
  expect(entry?.attempts.map(({ outcome, basis }) => [outcome, basis])).toEqual([
    ['invalid', 'exact'],
    ['cancelled', 'unknown'],
  ]);
  const counter = expectBalanced(await weir.budget('twice'));
  expect([[...counter.holds], counter.spentPico]).toEqual([[], entry?.costPico]);
  expect(entry?.costPico).toBeGreaterThan(0n);
});

test('a question that nobody awaits when another fails is ended, and its end disturbs nobody', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const unheard: unknown[] = [];
  const hear = (reason: unknown) => void unheard.push(reason);
  process.on('unhandledRejection', hear);
  endings.push(() => process.off('unhandledRejection', hear));
  upstream.otherwise(choose(({ rawBody }) => (rawBody.includes('slow one') ? hang() : badRequest())));
  const endpoint = running(async (call) => {
    const slow = ask(call, 'the slow one');
    await upstream.received(1);
    const second = await ask(call, 'the wrong one');
    return { words: [(await slow).word, second.word] };
  });
  expect((await serving(weir, { twice: endpoint }).post('twice', { topic: 'rain' })).status).toBe(400);
  await new Promise(setImmediate);
  expect(unheard).toEqual([]);
});

test('L4 after a question that could not be covered the call asks no other: a hold may stand of which nobody knows', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.otherwise(answer({ json: { word: 'rain' } }));
  const endpoint = running(async (call) => {
    await ask(call, 'the first').catch(() => undefined);
    return { words: [(await ask(call, 'the second')).word] };
  });
  weir.dynamoDb.rules.push({ ...RESERVE, nth: [2, 3, 4], fault: dropAnswer }, { ...SETTLE, fault: dropRequest });
  const reply = await serving(weir, { twice: endpoint }).post('twice', { topic: 'rain' });
  expect([reply.status, reply.body['code'], upstream.requests.length]).toEqual([503, 'budget_unavailable', 0]);
});

test('a top-up that never answers: the reply comes at the deadline, with what was spent in the ledger', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  upstream.script(resetAfterBilling());
  weir.dynamoDb.rules.push({ ...TOP_UP, fault: holdRequest(gate) });
  const headers = { 'x-weir-timeout-ms': '5000' };
  const calling = serving(weir, { haiku: haiku() }).post('haiku', { topic: 'rain' }, { headers });
  await gate.reached();
  await weir.clock.advance(4_000);
  const reply = await calling;
  expect([reply.status, reply.body['code'], upstream.requests.length]).toEqual([504, 'deadline_exceeded', 1]);
  const [entry] = await weir.ledger();
  expect(entry?.attempts).toMatchObject([{ outcome: 'timeout', basis: 'unknown' }]);
  expect(weir.logged('a budget could not be checked')).toEqual([]);
  gate.open();
  expect(expectBalanced(await weir.budget('haiku')).spentPico).toBe(entry?.costPico);
});

test('R8 what an endpoint asks again is one of the call’s second tries: three requests at most', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.otherwise(answer({ json: { word: 'rain' } }));
  const endpoint = running(async (call) => {
    const words: string[] = [];
    for (let round = 0; round < 5; round++) {
      const question = { instructions: 'One word.', input: `${round}`, output: z.strictObject({ word: z.string() }) };
      words.push((await call.respond({ ...question, isAgain: round > 0 })).word);
    }
    return { words };
  });
  const reply = await serving(weir, { again: endpoint }).post('again', { topic: 'rain' });
  expect([reply.status, reply.body['code'], upstream.requests.length]).toEqual([502, 'output_invalid', 3]);
});

test('an endpoint that cannot be announced to the reports loses no entry, and is announced by a later call', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  weir.dynamoDb.rules.push({ ...ANNOUNCE, nth: 1, fault: awsError('ThrottlingException') });
  const environment = serving(weir, { haiku: haiku() });
  expect((await environment.post('haiku', { topic: 'rain' })).status).toBe(200);
  expect([...expectBalanced(await weir.budget('haiku')).holds]).toEqual([]);
  expect((await environment.post('haiku', { topic: 'snow' })).status).toBe(200);
  expect(await weir.ledger()).toHaveLength(2);
});

test('a process that wakes up after its deadline sends nothing, though no timer has told it', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  let jumpMs = 0;
  const start = Date.UTC(2026, 10, 22, 12);
  // Time jumps as for a frozen process: the clock is late, and no timer has fired.
  const clock = { nowMs: () => start + jumpMs, startTimer: () => () => undefined };
  await using weir = await startWeir({ baseUrl: upstream.baseUrl, clock });
  const gate = new Gate();
  weir.dynamoDb.rules.push({ ...RESERVE, fault: holdAnswer(gate) });
  const calling = serving(weir, { haiku: haiku() }).post('haiku', { topic: 'rain' }, { remainingMs: 30_000 });
  await gate.reached();
  jumpMs = 29_000;
  gate.open();
  const reply = await calling;
  expect([reply.status, reply.body['code'], upstream.requests.length]).toEqual([504, 'deadline_exceeded', 0]);
});

test('an attempt with no time to be answered is not sent, and costs nothing', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const headers = { 'x-weir-timeout-ms': '120' };
  const reply = await serving(weir, { haiku: haiku() }).post('haiku', { topic: 'rain' }, { headers });
  expect([reply.status, reply.body['code']]).toEqual([504, 'deadline_exceeded']);
  expect([upstream.requests.length, await weir.ledger()]).toEqual([0, []]);
});

test('L4 a counter that never answers: the reply comes at the deadline, and what is granted later is given back', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  expect((await environment.post('haiku', { topic: 'rain' })).status).toBe(200);
  const gate = new Gate();
  weir.dynamoDb.rules.push({ ...RESERVE, nth: 1, fault: holdRequest(gate) });
  const calling = environment.post('haiku', { topic: 'snow' }, { headers: { 'x-weir-timeout-ms': '5000' } });
  await gate.reached();
  await weir.clock.advance(4_000);
  const reply = await calling;
  expect([reply.status, reply.body['code'], upstream.requests.length]).toEqual([504, 'deadline_exceeded', 1]);
  gate.open();
  const settlings = () => weir.dynamoDb.requests.filter(({ body }) => body.includes(SETTLE.bodyIncludes)).length;
  await expect.poll(settlings).toBe(2);
  await expect.poll(async () => [...expectBalanced(await weir.budget('haiku')).holds]).toEqual([]);
});

test('L4 rounds that nobody answered leave an entry at 0, so that a hold that stands or lands late is worth nothing', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  expect((await environment.post('haiku', { topic: 'rain' })).status).toBe(200);
  weir.dynamoDb.rules.push({ ...RESERVE, fault: dropAnswer }, { ...SETTLE, fault: dropRequest });
  const reply = await environment.post('haiku', { topic: 'snow' });
  expect([reply.status, reply.body['code']]).toEqual([503, 'budget_unavailable']);
  const entry = (await weir.ledger()).find(({ outcome }) => outcome === 'budget_unavailable');
  expect(entry).toMatchObject({ costPico: 0n, holds: [], attempts: [] });
  expect(weir.logged('a budget could not be checked')).toMatchObject([{ alarm: 'budget-unavailable' }]);
});

test('a request to an AWS service ends in its time, also while its answer drips', async () => {
  const dripping = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n');
    const drip = setInterval(() => socket.write('x'), 20);
    socket.on('close', () => clearInterval(drip));
  });
  await new Promise<void>((resolve) => void dripping.listen(0, '127.0.0.1', resolve));
  endings.push(() => dripping.close());
  const url = new URL(`http://127.0.0.1:${(dripping.address() as AddressInfo).port}/`);
  const asked = httpTransport({ url, headers: {}, body: '{}', timeoutMs: 150 });
  await expect(asked).rejects.toMatchObject({ code: 'ETIMEDOUT' });
});
