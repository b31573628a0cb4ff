import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EndpointSpec, ErrorForm } from '#edge/specs.ts';
import { pathOf, routedEntries } from '#infra/routes.ts';
import { startLocalGateway, type LocalGateway } from '#test/support/local-gateway.ts';
import { testKey } from '#test/support/test-key.ts';
import { refusalOf } from '#test/support/told-refusal.ts';

/** An upstream of the attacker's own. Nothing may ever come here. */
const visits: string[] = [];
const elsewhere = createServer((request, response) => {
  visits.push(`${request.method} ${request.url}`);
  response.end('{}');
});
let gateway: LocalGateway;
let endpoints: { path: string; example: object; form: ErrorForm }[];
let bait: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  bait = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/v1`;
  gateway = await startLocalGateway();
  endpoints = routedEntries(gateway.weir.entries)
    .filter((entry) => entry.spec.kind === 'endpoint')
    .map((entry) => {
      const { example, errors } = entry.spec as EndpointSpec;
      return { path: pathOf(entry), example: example as object, form: errors };
    });
});
afterAll(async () => {
  elsewhere.close();
  await gateway[Symbol.asyncDispose]();
});

const NAMES = ['base_url', 'api_base', 'api_key', 'baseURL', 'apiKey', 'organization', 'extra_headers'];

/** The example with one field more: at its root, and in each of its first elements that is an object. */
function* planted(example: object, name: string): Generator<object> {
  yield { ...example, [name]: bait };
  for (const [field, value] of Object.entries(example)) {
    if (Array.isArray(value)) yield { ...example, [field]: [{ ...(value[0] as object), [name]: bait }, ...value] };
    else yield { ...example, [field]: { [name]: bait } };
  }
  yield { ...example, options: { client: [{ [name]: bait }] } };
}

test('I1 base_url, api_base and api_key are refused at any depth of any endpoint, before any request', async () => {
  for (const { path, example } of endpoints.filter(({ form }) => form === 'problem')) {
    for (const body of NAMES.flatMap((name) => Array.from(planted(example, name)))) {
      const reply = await gateway.send({ path, body });
      expect([reply.status, path, body]).toEqual([400, path, body]);
    }
  }
  expect(gateway.upstream.requests).toEqual([]);
  expect(await gateway.ledger()).toEqual([]);
  expect(visits).toEqual([]);
});

test('I1 on a compatible route they are refused by name where a client would read them, however they are spelled', async () => {
  const spelled = [...NAMES, 'API-KEY', 'Base_URL', 'organization_id', 'project', 'headers', 'proxy', 'host'];
  for (const { path, example } of endpoints.filter(({ form }) => form === 'openai')) {
    for (const name of [...spelled, 'extra_body', 'default_query', 'custom_llm_provider', 'api_version']) {
      const reply = await gateway.send({ path, body: { ...example, [name]: bait } });
      const message = `${name} is not allowed: where a request goes, and as whom, is set by the deployment`;
      expect(refusalOf('openai', reply)).toMatchObject({ status: 400, message, errors: [{ field: name, message }] });
    }
  }
  expect(gateway.upstream.requests).toEqual([]);
  expect(await gateway.ledger()).toEqual([]);
  expect(visits).toEqual([]);
});

/** Where the same names are data of the caller's own. */
const asData: Readonly<Record<string, (name: string) => object>> = {
  '/openai/v1/chat/completions': (name) => ({
    messages: [{ role: 'user', content: 'Call me.', [name]: bait }],
    tools: [
      {
        type: 'function',
        function: { name: 'call', parameters: { type: 'object', properties: { [name]: { const: bait } } } },
      },
    ],
    metadata: { [name]: bait },
    options: { client: [{ [name]: bait }] },
  }),
  '/openai/v1/responses': (name) => ({
    input: [
      { type: 'function_call', call_id: 'c', name: 'call', arguments: JSON.stringify({ [name]: bait }), [name]: bait },
    ],
    text: { format: { type: 'text', [name]: bait } },
    metadata: { [name]: bait },
  }),
  '/openai/v1/embeddings': (name) => ({ options: { client: [{ [name]: bait }] } }),
  '/openai/v1/moderations': (name) => ({ input: [{ type: 'text', text: 'a', [name]: bait }] }),
};

test('I1 deeper than that they are data, which goes to OpenAI and nowhere else, with Weir’s own key', async () => {
  const compatible = endpoints.filter(({ form }) => form === 'openai');
  expect(compatible.map(({ path }) => path).toSorted()).toEqual(Object.keys(asData).toSorted());
  for (const { path, example } of compatible) {
    for (const name of NAMES) {
      const data = asData[path]!(name);
      const before = gateway.upstream.requests.length;
      const { status } = await gateway.send({ path, body: { ...example, ...data } });
      expect([path, name, status, gateway.upstream.requests.length - before]).toEqual([path, name, 200, 1]);
      const sent = gateway.upstream.requests.at(-1)!;
      expect(sent.body).toMatchObject(data);
      expect([sent.headers.host, sent.key]).toEqual([new URL(gateway.upstream.baseUrl).host, testKey('gateway')]);
      expect(Object.values(sent.headers).join()).not.toContain(bait);
    }
  }
  expect(visits).toEqual([]);
});

test('I1 the refusal names the field, with its place', async () => {
  const { path, example } = endpoints.find((endpoint) => endpoint.path === '/v1/classify')!;
  const labels = ['refund', { name: 'delivery', description: 'about the parcel', api_base: bait }];
  const reply = await gateway.send({ path, body: { ...example, base_url: bait, labels } });
  expect(reply.json['errors']).toEqual([
    { field: 'labels.1.api_base', message: 'labels.1.api_base is not a known field' },
    { field: 'base_url', message: 'base_url is not a known field' },
  ]);
});

test('I1 headers that name another host or another key change nothing of what is sent upstream', async () => {
  const headers = {
    host: new URL(bait).host,
    'x-forwarded-host': new URL(bait).host,
    'x-original-host': new URL(bait).host,
    forwarded: `host=${new URL(bait).host}`,
    'x-openai-base-url': bait,
    'openai-base-url': bait,
    'openai-organization': 'org-of-someone-else',
    'openai-project': 'proj-of-someone-else',
    'x-portkey-custom-host': bait,
    'x-api-key': 'of-someone-else',
    'api-key': 'of-someone-else',
    'x-stainless-retry-count': '9',
  };
  for (const { path, example } of endpoints) {
    const before = gateway.upstream.requests.length;
    const reply = await gateway.send({ path, body: example, headers: { ...headers, 'cache-control': 'no-cache' } });
    const asked = gateway.upstream.requests.slice(before);
    expect([path, reply.status, asked.length > 0]).toEqual([path, 200, true]);
    for (const sent of asked) {
      expect(JSON.stringify([sent.headers, sent.rawBody])).not.toMatch(/someone-else/);
      expect(sent.headers.host).toBe(new URL(gateway.upstream.baseUrl).host);
    }
  }
  expect(visits).toEqual([]);
});

test('I1 a request for an absolute or a host-like target is no route', async () => {
  for (const path of [`${bait}/v1/summarize`, '//127.0.0.1/v1/summarize', '/v1//summarize', '/v1/../v1/summarize']) {
    const reply = await gateway.send({ path, body: endpoints[0]!.example });
    expect([path, reply.status]).toEqual([path, 404]);
  }
});
