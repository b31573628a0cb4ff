import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { nodeFetch } from '#upstream/node-fetch.ts';

type Listener = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

async function serve(listener: Listener): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => void listener(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/responses` };
}

const post = (url: string, body: string, signal?: AbortSignal) =>
  nodeFetch(url, {
    method: 'POST',
    body,
    headers: new Headers({ 'content-type': 'application/json', 'X-Case': 'kept' }),
    ...(signal && { signal }),
  });

test('it sends method, headers and body, and tells status, headers in any case, and the text', async () => {
  const { url } = await serve(async (request, response) => {
    const received = [request.method, request.url, request.headers['x-case'], request.headers['content-length']];
    response.writeHead(201, { 'X-Request-Id': 'req_1', 'set-cookie': ['a=1', 'b=2'] });
    response.end(JSON.stringify([...received, await text(request)]));
  });
  const reply = await post(url, '{"grüße":1}');
  expect([reply.status, reply.ok]).toEqual([201, true]);
  expect([reply.headers.get('x-request-id'), reply.headers.get('X-REQUEST-ID')]).toEqual(['req_1', 'req_1']);
  expect([reply.headers.get('set-cookie'), reply.headers.get('absent'), reply.headers.has('absent')]).toEqual([
    'a=1, b=2',
    null,
    false,
  ]);
  expect(Object.fromEntries(reply.headers.entries())).toMatchObject({ 'x-request-id': 'req_1' });
  expect(await reply.json()).toEqual(['POST', '/v1/responses', 'kept', '13', '{"grüße":1}']);
});

test('a status that is no success is a reply, and a redirect is not followed', async () => {
  let requests = 0;
  const { url } = await serve((_request, response) => {
    requests++;
    response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end('elsewhere');
  });
  const reply = await post(url, '{}');
  expect([reply.status, reply.ok, await reply.text(), requests]).toEqual([302, false, 'elsewhere', 1]);
});

test('S2 UTF-8 that is split between chunks is put together again', async () => {
  const bytes = Buffer.from('Grüße, 世界 🌊');
  const { url } = await serve(async (_request, response) => {
    for (const byte of bytes) {
      response.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  });
  expect(await (await post(url, '{}')).text()).toBe('Grüße, 世界 🌊');
});

test('R9 a body that is cut is an error, and not the part that came', async () => {
  const { url } = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"half":', () => response.destroy());
  });
  await expect((await post(url, '{}')).text()).rejects.toThrow(/aborted/);
});

test('a connection that is refused, or reset, has node’s code', async () => {
  const { url, server } = await serve((request) => void request.socket.resetAndDestroy());
  await expect(post(url, '{}')).rejects.toMatchObject({ code: 'ECONNRESET' });
  await new Promise((resolve) => server.close(resolve));
  await expect(post(url, '{}')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a signal that is aborted already sends nothing', async () => {
  let requests = 0;
  const { url } = await serve((_request, response) => void response.end(String(++requests)));
  await expect(post(url, '{}', AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
  expect(requests).toBe(0);
});

test('R7 an abort ends the wait for a reply, and the connection', async () => {
  const { promise: left, resolve } = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const { url } = await serve((request) => {
    request.socket.once('close', () => resolve());
    arrived.resolve();
  });
  const controller = new AbortController();
  const pending = post(url, '{}', controller.signal);
  const caught = expect(pending).rejects.toThrow('enough');
  await arrived.promise;
  controller.abort(new Error('enough'));
  await caught;
  await left;
});

test('R7 an abort ends a body in its middle', async () => {
  const { url } = await serve((_request, response) => {
    response.writeHead(200).write('{"half":');
  });
  const controller = new AbortController();
  const reply = await post(url, '{}', controller.signal);
  const caught = expect(reply.text()).rejects.toThrow();
  controller.abort(new Error('enough'));
  await caught;
});

test('no listener stays on a signal that outlives the request', async () => {
  const { url } = await serve((_request, response) => void response.end('{}'));
  const { signal } = new AbortController();
  let listeners = 0;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners--;
    remove(...args);
  };
  for (let request = 0; request < 5; request++) {
    const reply = await post(url, '{}', signal);
    await reply.text();
  }
  await new Promise((resolve) => setImmediate(resolve));
  expect(listeners).toBe(0);
});
