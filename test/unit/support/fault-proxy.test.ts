import {
  createServer,
  request as sendRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  awsError,
  dropAnswer,
  dropRequest,
  holdAnswer,
  holdRequest,
  startFaultProxy,
  type FaultProxy,
} from '#test/support/fault-proxy.ts';
import { Gate } from '#test/support/scripted-gate.ts';

let target: Server;
/** What the target has done, in order. */
let done: string[];
let proxy: FaultProxy;

beforeEach(async () => {
  done = [];
  const work = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request);
    done.push(body);
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0', 'x-from': 'target' }).end(`did ${body}`);
  };
  target = createServer((request, response) => void work(request, response));
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  proxy = await startFaultProxy({ target: `http://127.0.0.1:${(target.address() as AddressInfo).port}` });
});

afterEach(async () => {
  await proxy.stop();
  target.closeAllConnections();
  await new Promise((resolve) => target.close(resolve));
});

/** Asks for an operation as an AWS client does; the reply, or the code of the connection's error. */
async function ask(operation: string, body: string) {
  const headers = { 'x-amz-target': `DynamoDB_20120810.${operation}`, 'content-type': 'application/x-amz-json-1.0' };
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  sendRequest(proxy.endpoint, { method: 'POST', headers, agent: false }, resolve).once('error', reject).end(body);
  try {
    const reply = await promise;
    return { status: reply.statusCode, from: reply.headers['x-from'], body: await text(reply) };
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

test('without rules requests go through as they are, and are counted by operation', async () => {
  expect(await ask('GetItem', 'a')).toEqual({ status: 200, from: 'target', body: 'did a' });
  await Promise.all([ask('PutItem', 'b'), ask('PutItem', 'c')]);
  expect(proxy.counts).toEqual({ GetItem: 1, PutItem: 2 });
  expect(proxy.requests[0]).toEqual({ operation: 'GetItem', body: 'a' });
});

test('a dropped request never reaches the target', async () => {
  proxy.rules.push({ operation: 'PutItem', fault: dropRequest });
  expect(await ask('PutItem', 'a')).toBe('ECONNRESET');
  expect(done).toEqual([]);
  expect(proxy.counts).toEqual({ PutItem: 1 });
});

test('a dropped answer leaves the target with the work done', async () => {
  proxy.rules.push({ operation: 'UpdateItem', fault: dropAnswer });
  expect(await ask('UpdateItem', 'a')).toBe('ECONNRESET');
  expect(done).toEqual(['a']);
});

test('an AWS error is answered in place of the target', async () => {
  proxy.rules.push({ fault: awsError('ProvisionedThroughputExceededException') });
  const type = 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException';
  expect(await ask('GetItem', 'a')).toMatchObject({ status: 400, body: expect.stringContaining(type) });
  proxy.reset();
  proxy.rules.push({ fault: awsError('InternalServerError', { status: 500 }) });
  expect(await ask('GetItem', 'a')).toMatchObject({ status: 500 });
  expect(done).toEqual([]);
});

test('a rule acts on the n-th request that fits both operation and body', async () => {
  proxy.rules.push({ operation: 'PutItem', bodyIncludes: 'ledger', nth: [2, 3], fault: dropRequest });
  const replies = [
    await ask('PutItem', 'ledger 1'),
    await ask('GetItem', 'ledger'),
    await ask('PutItem', 'cache'),
    await ask('PutItem', 'ledger 2'),
    await ask('PutItem', 'ledger 3'),
    await ask('PutItem', 'ledger 4'),
  ];
  expect(replies.flatMap((reply, at) => (reply === 'ECONNRESET' ? at : []))).toEqual([3, 4]);
});

test('the first rule that fits decides, and those after it count all the same', async () => {
  proxy.rules.push({ nth: 1, fault: dropRequest }, { nth: 2, fault: awsError('ThrottlingException') });
  expect([await ask('GetItem', 'a'), await ask('GetItem', 'b'), await ask('GetItem', 'c')]).toEqual([
    'ECONNRESET',
    expect.objectContaining({ status: 400 }),
    expect.objectContaining({ status: 200 }),
  ]);
});

test('requests and answers are held until the test opens their gate, in any order it likes', async () => {
  const [before, after] = [new Gate(), new Gate()];
  proxy.rules.push(
    { bodyIncludes: 'early', fault: holdRequest(before) },
    { bodyIncludes: 'late', fault: holdAnswer(after) },
  );
  const [early, late] = [ask('UpdateItem', 'early'), ask('UpdateItem', 'late')];
  await Promise.all([before.reached(), after.reached()]);
  expect(done).toEqual(['late']);
  before.open();
  expect(await early).toMatchObject({ body: 'did early' });
  after.open();
  expect(await late).toMatchObject({ body: 'did late' });
});

test('a held request can meet another fault when it is let go', async () => {
  const gate = new Gate();
  proxy.rules.push({ fault: holdRequest(gate, dropAnswer) });
  const asked = ask('UpdateItem', 'a');
  await gate.reached();
  expect(done).toEqual([]);
  gate.open();
  expect(await asked).toBe('ECONNRESET');
  expect(done).toEqual(['a']);
});

test('a gone endpoint refuses connections, cuts those that stand, and comes back at the same address', async () => {
  const { endpoint } = proxy;
  const gate = new Gate();
  proxy.rules.push({ nth: 1, fault: holdRequest(gate) });
  const held = ask('GetItem', 'held');
  await gate.reached();
  await proxy.gone();
  expect(await held).toBe('ECONNRESET');
  expect(await ask('GetItem', 'a')).toBe('ECONNREFUSED');
  await proxy.listen();
  expect(proxy.endpoint).toBe(endpoint);
  expect(await ask('GetItem', 'a')).toMatchObject({ body: 'did a' });
  gate.open();
});

test('reset forgets rules, their counts and the requests', async () => {
  const second = { nth: 2, fault: dropRequest };
  proxy.rules.push(second);
  await ask('GetItem', 'a');
  proxy.reset();
  expect(proxy.counts).toEqual({});
  proxy.rules.push(second);
  expect(await ask('GetItem', 'b')).toMatchObject({ status: 200 });
});

test('a fault that throws is reported when the proxy stops', async () => {
  proxy.rules.push({
    fault: () => {
      throw new Error('A mistake in the test');
    },
  });
  expect(await ask('GetItem', 'a')).toBe('ECONNRESET');
  await expect(proxy.stop()).rejects.toThrow(AggregateError);
  proxy = await startFaultProxy({ target: 'http://127.0.0.1:1' });
});
