import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REPLY_HEADERS } from '#infra/openapi/headers.ts';
import { pathOf, routedEntries } from '#infra/routes.ts';
import { startLocalGateway, type GatewayReply, type LocalGateway } from '#test/support/local-gateway.ts';

const ORIGIN = 'https://app.example';

let closed: LocalGateway;
let open: LocalGateway;
beforeAll(async () => {
  closed = await startLocalGateway();
  open = await startLocalGateway({ corsOrigin: ORIGIN });
});
afterAll(() => Promise.all([closed[Symbol.asyncDispose](), open[Symbol.asyncDispose]()]));

interface Seen {
  readonly what: string;
  readonly status: number;
  readonly headers: GatewayReply['headers'];
}

/** Every route of the inventory: as it is meant, streamed where it can be, with a body that is none, and without a key. */
async function askAll(gateway: LocalGateway): Promise<Seen[]> {
  const seen: Seen[] = [];
  const { caller, administrator } = gateway.weir.keys;
  for (const { name, spec, ...rest } of routedEntries(gateway.weir.entries)) {
    const path = pathOf({ name, spec, ...rest }).replaceAll(/\{\w+\}/g, 'endpoint%3Asummarize');
    const { method } = spec;
    const key = spec.kind === 'endpoint' || spec.access.includes('caller') ? caller : administrator;
    const note = async (what: string, reply: Promise<GatewayReply>) => {
      const { status, headers } = await reply;
      seen.push({ what: `${name}: ${what}`, status, headers });
    };
    const body = spec.kind === 'endpoint' ? spec.example : spec.body && (spec.example?.['body'] ?? {});
    await note('as it is meant', gateway.send({ method, path, key, ...(body !== undefined && { body }) }));
    if (spec.kind === 'endpoint' && spec.stream)
      await note('streamed', gateway.send({ path, body: { ...(spec.example as object), stream: true } }));
    await note(
      'an unknown query',
      gateway.send({ method, path: `${path}?colour=red`, key, ...(body !== undefined && { body: '{' }) }),
    );
    if (spec.access !== 'public') await note('no key', gateway.send({ method, path, key: null }));
  }
  return seen;
}

/** What no function is asked about. */
async function askTheGateway(gateway: LocalGateway): Promise<Seen[]> {
  const replies = {
    'no route': gateway.send({ method: 'GET', path: '/nowhere' }),
    'a wrong key': gateway.send({ path: '/v1/summarize', key: 'wrong' }),
    'a role too little': gateway.send({ method: 'GET', path: '/v1/spend' }),
    'a body too large': gateway.send({ path: '/v1/summarize', body: ' '.repeat(4_800_000) }),
    'headers too large': gateway.send({ method: 'GET', path: '/health', headers: { 'x-large': 'a'.repeat(11_000) } }),
    'headers past node’s own limit': gateway.send({
      method: 'GET',
      path: '/health',
      headers: { 'x-large': 'a'.repeat(20_000) },
    }),
  };
  const seen = await Promise.all(
    Object.entries(replies).map(async ([what, reply]) => {
      const { status, headers } = await reply;
      return { what, status, headers };
    }),
  );
  expect(seen.map(({ status }) => status)).toEqual([404, 401, 403, 413, 431, 431]);
  return seen;
}

const SECURITY = {
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
};

test('A6 every reply of every route bears the headers of security, whether plain, streamed or refused', async () => {
  const seen = await askAll(closed);
  const statuses = new Set(seen.map(({ status }) => status));
  for (const status of [200, 400, 401, 404]) expect(statuses).toContain(status);
  expect(seen.filter(({ headers }) => headers['content-type']?.startsWith('text/event-stream')).length).toBeGreaterThan(
    5,
  );
  for (const { what, headers } of [...seen, ...(await askTheGateway(closed))]) {
    expect([what, headers]).toEqual([what, expect.objectContaining(SECURITY)]);
    const isPage = headers['content-type']?.startsWith('text/html') === true;
    const policy = headers['content-security-policy'];
    expect([what, policy]).toEqual([what, expect.stringMatching(/^default-src 'none'; .*frame-ancestors 'none'$/)]);
    if (!isPage) expect([what, policy]).toEqual([what, "default-src 'none'; frame-ancestors 'none'"]);
    expect([what, headers['cache-control']]).toEqual([what, 'no-store']);
    for (const name of ['server', 'x-powered-by', 'via']) expect([what, headers[name]]).toEqual([what, undefined]);
  }
});

test('A6 what is no HTTP at all is answered with them too', async () => {
  const { hostname, port } = new URL(closed.url);
  const socket = createConnection(Number(port), hostname);
  socket.write('NONSENSE\r\n\r\n');
  const reply = await text(socket);
  expect(reply).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  for (const [name, value] of Object.entries(SECURITY)) expect(reply).toContain(`${name}: ${value}\r\n`);
  expect(JSON.parse(reply.split('\r\n\r\n')[1]!)).toMatchObject({ status: 400, code: 'invalid_request' });
});

describe('CORS, where nobody set an origin', () => {
  test('no reply names one, whatever origin asks, and a preflight finds no route', async () => {
    for (const { what, headers } of [...(await askAll(closed)), ...(await askTheGateway(closed))]) {
      const found = Object.keys(headers).filter((name) => name.startsWith('access-control-'));
      expect([what, found]).toEqual([what, []]);
    }
    for (const path of new Set(routedEntries(closed.weir.entries).map(pathOf))) {
      const headers = { origin: ORIGIN, 'access-control-request-method': 'POST' };
      const reply = await closed.send({ method: 'OPTIONS', path, headers, key: null });
      expect([path, reply.status, reply.headers['access-control-allow-origin']]).toEqual([path, 404, undefined]);
    }
  });
});

describe('CORS, where an origin is set', () => {
  test('every reply names it, of functions, streams and the gateway alike, and lets its pages read what Weir tells', async () => {
    for (const { what, headers } of [...(await askAll(open)), ...(await askTheGateway(open))]) {
      // Node answers by itself, before there is a path.
      if (what === 'headers past node’s own limit') continue;
      expect([what, headers['access-control-allow-origin']]).toEqual([what, ORIGIN]);
      expect([what, headers['vary']]).toEqual([what, expect.stringMatching(/(^|, )origin$/)]);
      expect(headers['access-control-allow-credentials']).toBeUndefined();
      const exposed = headers['access-control-expose-headers']?.split(', ') ?? [];
      expect(exposed).toEqual(expect.arrayContaining([...Object.keys(REPLY_HEADERS), 'x-request-id', 'retry-after']));
    }
  });

  test('a reply that varies by itself varies by its reader’s origin too, and what may be kept still may', async () => {
    const page = await open.send({ method: 'GET', path: '/docs', key: null });
    const [asset] = /docs\/[\w.-]+\.js/.exec(page.text) ?? [];
    const { status, headers } = await open.send({ method: 'GET', path: `/${asset}`, key: null });
    expect([status, headers['vary']]).toEqual([200, 'accept-encoding, origin']);
    expect(headers).toMatchObject({ ...SECURITY, 'cache-control': 'public, max-age=31536000, immutable' });
  });

  test('a preflight is answered without a key, for each path with the methods that it has', async () => {
    const routes = routedEntries(open.weir.entries).map((entry) => [pathOf(entry), entry.spec.method] as const);
    for (const path of new Set(routes.map(([each]) => each))) {
      const reply = await open.send({
        method: 'OPTIONS',
        path,
        key: null,
        headers: { origin: ORIGIN, 'access-control-request-headers': 'authorization,content-type' },
      });
      const methods = routes.filter(([each]) => each === path).map(([, method]) => method);
      expect([path, reply.status, reply.text]).toEqual([path, 204, '']);
      expect(reply.headers['access-control-allow-methods']?.split(', ').sort()).toEqual(methods.sort());
      expect(reply.headers).toMatchObject({
        'access-control-allow-origin': ORIGIN,
        'access-control-allow-headers': expect.stringMatching(/authorization.*content-type/),
        'access-control-max-age': '600',
        vary: 'origin',
        ...SECURITY,
      });
    }
    expect((await open.send({ method: 'OPTIONS', path: '/nowhere', key: null })).status).toBe(404);
    expect((await open.send({ method: 'OPTIONS', path: '/v1/callers/a/b/c', key: null })).status).toBe(404);
  });
});
