import { gunzipSync } from 'node:zlib';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLocalGateway, type LocalGateway } from '#test/support/local-gateway.ts';
import { startWeir } from '#test/support/weir.ts';

let gateway: LocalGateway;
let page: string;
beforeAll(async () => {
  gateway = await startLocalGateway();
  page = (await get('/docs')).text;
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** As anybody may: without a key. */
const get = (path: string, headers = {}) => gateway.send({ method: 'GET', path, key: null, headers });

/** All that the page loads or links to. */
const addresses = () => [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address = '']) => address);
const assets = () => addresses().filter((address) => address.startsWith('docs/'));

test('the page asks for no key, and its policy allows what it needs and nothing else', async () => {
  const { status, headers, text } = await get('/docs');
  expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect(headers['content-security-policy']).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; " +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  expect(headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
  });
  expect(text).toMatch(/^<!doctype html>\n<html lang="en">/);
});

test('the page names nothing that is not beside it, so that it stands behind any stage’s path', () => {
  const elsewhere = addresses().filter((address) => /^(?!data:)[a-z]*:|^\//i.test(address));
  expect([elsewhere, assets().length > 3, page.includes('<style'), / style=/.test(page)]).toEqual([
    [],
    true,
    false,
    false,
  ]);
});

test('everything that it loads comes compressed to who takes that, as it is to who does not, and is kept for ever', async () => {
  for (const address of assets()) {
    const [plain, small] = [
      await get(`/${address}`),
      await fetch(`${gateway.url}/${address}`, { headers: { 'accept-encoding': 'gzip, br' } }),
    ];
    expect([plain.status, small.status, small.headers.get('content-encoding')]).toEqual([200, 200, 'gzip']);
    expect(await small.text()).toBe(plain.text);
    for (const value of [plain.headers['cache-control'], small.headers.get('cache-control')])
      expect(value).toBe('public, max-age=31536000, immutable');
    expect([plain.headers['vary'], plain.headers['content-encoding']]).toEqual(['accept-encoding', undefined]);
    const type = { js: 'text/javascript', css: 'text/css', txt: 'text/plain' }[address.split('.').at(-1) as 'js'];
    expect(plain.headers['content-type']).toBe(`${type}; charset=utf-8`);
  }
});

test('what API Gateway is given is base64 of what a browser gets, far below the 6 MB that a reply may have', async () => {
  await using weir = await startWeir({ baseUrl: gateway.upstream.baseUrl });
  const served = (await weir.get('pages/docs', {}, { caller: null })).raw;
  for (const [, address = ''] of served.matchAll(/"docs\/([^"]+\.js)"/g)) {
    const headers = { 'accept-encoding': 'gzip' };
    const options = { caller: null, headers, params: { asset: address } };
    const { status, raw } = await weir.get('pages/docs-asset', {}, options);
    expect([status, raw.length < 1_000_000]).toEqual([200, true]);
    expect(gunzipSync(Buffer.from(raw, 'base64')).toString()).toBe((await get(`/docs/${address}`)).text);
  }
});

test('the licence of the software that the page is made of comes with it', async () => {
  const licences = assets().find((address) => address.includes('licences'));
  const { text } = await get(`/${licences}`);
  expect(text).toContain('Apache License');
  expect(text).toContain(await readFile('node_modules/swagger-ui-dist/NOTICE', 'utf8'));
});

test.each([
  'swagger-ui.js',
  'docs.json',
  'index.js',
  '..%2Findex.js',
  '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
  '..',
  '__proto__',
  'constructor',
  'toString',
  '%00',
  '%E0%A4%A',
])('a file by the name of %s is not there', async (name) => {
  const { status, headers, json } = await get(`/docs/${name}`);
  expect([status, headers['content-type'], json['detail']]).toEqual([
    404,
    'application/problem+json',
    'the docs page has no such file',
  ]);
  expect(headers['cache-control']).toBe('no-store');
});

test.each(['/docs/', '/docs/../openapi.json', '/docs/../x', '/docs//x', '/docs/a/b', '/doc'])(
  '%s is no route',
  async (path) => expect((await get(path)).status).toBe(404),
);

test('the page says that the upstream is simulated where it is, and nowhere else', async () => {
  await using simulated = await startLocalGateway({ simulated: true });
  const words = 'The upstream is simulated.';
  expect([page.includes(words), (await simulated.send({ method: 'GET', path: '/docs' })).text.includes(words)]).toEqual(
    [false, true],
  );
});
