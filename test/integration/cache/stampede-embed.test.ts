import { expect, test } from 'vitest';
import * as embedEntry from '../../../functions/endpoints/embed.ts';
import { dropRequest, type Fault } from '#test/support/fault-proxy.ts';
import { badRequest } from '#test/support/scripted-failures.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { cacheRequests, cachesOf, environmentsOf } from '#test/support/stampede.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

const POLL_MS = 500;
const bodyOf = (...texts: string[]) => ({ texts, dimensions: 16 });
const embedders = (weir: Weir, count: number) => environmentsOf(weir, count, { endpoints: { embed: embedEntry } });

test('C6 a batch of texts that several miss is asked for once, whoever asks in whatever order', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [first, second] = embedders(weir, 2);
  const gate = new Gate();
  upstream.otherwise(answer({ gate }));
  const leading = first.post('embed', bodyOf('weir', 'lock', 'mill'));
  await gate.reached();
  const sameProcess = first.post('embed', bodyOf('mill', 'lock', 'weir'));
  const otherProcess = second!.post('embed', bodyOf('lock', 'weir', 'mill', 'lock'));
  await second!.reads.answered(1); // of the lead; texts are read in a batch
  await weir.clock.timersSet(3 + 1 + 1);
  gate.open();
  const replies = [await leading, await sameProcess];
  await weir.clock.advance(POLL_MS);
  replies.push(await otherProcess);
  expect(cachesOf(replies)).toEqual(['200 hit', '200 hit', '200 miss']);
  const [weirVector, lockVector, millVector] = replies[0]!.body['embeddings'] as unknown[];
  expect(replies[1]!.body['embeddings']).toEqual([millVector, lockVector, weirVector]);
  expect(replies[2]!.body['embeddings']).toEqual([lockVector, weirVector, millVector, lockVector]);
  expect(upstream.requests.map(({ body }) => body.input)).toEqual([['weir', 'lock', 'mill']]);
  expect(weir.clock.pending).toBe(0);
});

test('a batch costs one read, one lead and one write', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const reply = await weir.post('embed', bodyOf('weir', 'lock', 'mill'));
  expect(reply.status).toBe(200);
  const requests = weir.dynamoDb.requests.filter(({ body }) => body.includes('-cache"'));
  expect(requests.map(({ operation }) => operation)).toEqual(['BatchGetItem', 'PutItem', 'BatchWriteItem']);
});

test('C6 of a batch of which some is cached, the rest is asked for once', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [first, second] = embedders(weir, 2);
  await first.post('embed', bodyOf('weir'));
  const gate = new Gate();
  upstream.otherwise(answer({ gate }));
  const leading = first.post('embed', bodyOf('weir', 'lock', 'mill'));
  await gate.reached();
  const waiting = second!.post('embed', bodyOf('mill', 'weir', 'lock'));
  await second!.reads.answered(1);
  await weir.clock.timersSet(2 + 1 + 1);
  gate.open();
  await leading;
  await weir.clock.advance(POLL_MS);
  expect(cachesOf([await leading, await waiting])).toEqual(['200 hit', '200 miss']);
  expect(upstream.requests.map(({ body }) => body.input)).toEqual([['weir'], ['lock', 'mill']]);
});

test('C6 vectors that are stored and read back a moment late are looked for once more', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [first, second] = embedders(weir, 2);
  const gate = new Gate();
  upstream.otherwise(answer({ gate }));
  const leading = first.post('embed', bodyOf('weir', 'lock'));
  await gate.reached();
  const waiting = second!.post('embed', bodyOf('weir', 'lock'));
  await second!.reads.answered(1);
  await weir.clock.timersSet(2 + 1 + 1);
  gate.open();
  await leading;
  // Reads at half the price may lag behind the write.
  const nothingYet: Fault = async (exchange) => {
    const { rawHeaders } = await exchange.forward();
    exchange.reply({ status: 200, rawHeaders, body: Buffer.from('{"Responses":{},"UnprocessedKeys":{}}') });
  };
  weir.dynamoDb.rules.push({ operation: 'BatchGetItem', nth: 1, fault: nothingYet });
  await weir.clock.advance(POLL_MS);
  await second!.reads.answered(2);
  await weir.clock.timersSet(2);
  await weir.clock.advance(POLL_MS);
  expect(cachesOf([await waiting])).toEqual(['200 hit']);
  expect(upstream.requests).toHaveLength(1);
});

test('C6 batches that differ in what they miss do not wait for each other', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [first, second] = embedders(weir, 2);
  const gate = new Gate();
  upstream.otherwise(answer({ gate }));
  const calls = [
    first.post('embed', bodyOf('weir', 'lock')),
    second!.post('embed', bodyOf('weir', 'mill')),
    second!.post('embed', bodyOf('weir')),
  ];
  await gate.reached(3);
  gate.open();
  expect(cachesOf(await Promise.all(calls))).toEqual(['200 miss', '200 miss', '200 miss']);
});

test('C6 vectors that came between a caller’s read and its lead are found', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [first, second] = embedders(weir, 2);
  const gate = new Gate();
  weir.dynamoDb.rules.push({
    operation: 'PutItem',
    bodyIncludes: '"leading"',
    nth: 1,
    fault: async (exchange) => {
      await gate.pass();
      exchange.reply(await exchange.forward());
    },
  });
  const late = first.post('embed', bodyOf('weir', 'lock'));
  await gate.reached();
  await second!.post('embed', bodyOf('weir', 'lock'));
  gate.open();
  expect(cachesOf([await late])).toEqual(['200 hit']);
  expect(upstream.requests).toHaveLength(1);
});

test('C6 a batch that fails is asked for by a waiter, in the same process and in another', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [first, second] = embedders(weir, 2);
  const gate = new Gate();
  const failing = async (exchange: Parameters<ReturnType<typeof badRequest>>[0]) => {
    await gate.pass();
    await badRequest()(exchange);
  };
  upstream.script(failing, failing);
  const calls = [first, first].map((environment) => environment.post('embed', bodyOf('weir', 'lock')));
  await gate.reached(); // the first environment leads: its callers end without the clock
  calls.push(second!.post('embed', bodyOf('weir', 'lock')));
  await second!.reads.answered(1);
  await weir.clock.timersSet(3 + 1 + 1);
  gate.open();
  await Promise.all(calls.slice(0, 2));
  await weir.clock.advance(POLL_MS);
  expect(cachesOf(await Promise.all(calls))).toEqual(['200 miss', '400 miss', '400 miss']);
  expect(weir.clock.pending).toBe(0);
});

test('C7 vectors that could not be stored: those in the process have them, and a waiter elsewhere asks', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [first, second] = embedders(weir, 2);
  const gate = new Gate();
  upstream.script(answer({ gate }));
  weir.dynamoDb.rules.push({ operation: 'BatchWriteItem', nth: 1, fault: dropRequest });
  const calls = [first, first].map((environment) => environment.post('embed', bodyOf('weir', 'lock')));
  await gate.reached(); // the first environment leads: its callers end without the clock
  calls.push(second!.post('embed', bodyOf('weir', 'lock')));
  await second!.reads.answered(1);
  await weir.clock.timersSet(3 + 1 + 1);
  gate.open();
  await Promise.all(calls.slice(0, 2));
  await weir.clock.advance(POLL_MS);
  expect(cachesOf(await Promise.all(calls))).toEqual(['200 hit', '200 miss', '200 miss']);
  expect(upstream.requests).toHaveLength(2);
});

test('C6 of a batch that was stored in part, a waiter asks for what is missing', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [first, second] = embedders(weir, 2);
  const gate = new Gate();
  upstream.script(answer({ gate }));
  // DynamoDB may leave some of a batch unprocessed.
  weir.dynamoDb.rules.push({
    operation: 'BatchWriteItem',
    nth: 1,
    async fault(exchange) {
      const [table, requests] = Object.entries(
        (JSON.parse(exchange.request.body) as { RequestItems: Record<string, { PutRequest: { Item: object } }[]> })
          .RequestItems,
      )[0]!;
      const { dynamo } = weir.platform;
      const kept = requests.filter((_, at) => at !== 1);
      const { fromAttributes } = await import('#platform/aws/attributes.ts');
      await dynamo.batchPut(
        table,
        kept.map(({ PutRequest: { Item: item } }) => fromAttributes(item as Parameters<typeof fromAttributes>[0])),
      );
      exchange.reply({
        status: 200,
        rawHeaders: ['content-type', 'application/x-amz-json-1.0'],
        body: Buffer.from('{}'),
      });
    },
  });
  const leading = first.post('embed', bodyOf('weir', 'lock', 'mill'));
  await gate.reached();
  const waiting = second!.post('embed', bodyOf('weir', 'lock', 'mill'));
  await second!.reads.answered(1);
  await weir.clock.timersSet(2 + 1 + 1);
  gate.open();
  const whole = await leading;
  await weir.clock.advance(POLL_MS);
  await second!.reads.answered(2);
  await weir.clock.timersSet(2); // it looks once more, for what may only be late
  await weir.clock.advance(POLL_MS);
  const partly = await waiting;
  expect([partly.headers['x-weir-cache'], partly.body]).toEqual(['miss', whole.body]);
  expect(upstream.requests.map(({ body }) => body.input)).toEqual([['weir', 'lock', 'mill'], ['lock']]);
  expect(cacheRequests(weir)).toContain('BatchWriteItem');
});
