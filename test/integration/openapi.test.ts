import { Validator } from '@seriousme/openapi-schema-validator';
import * as z from 'zod';
import { beforeAll, expect, test } from 'vitest';
import { createCatalog } from '#infra/catalog.ts';
import { readInventory, type Entry } from '#infra/inventory.ts';
import { pathOf, routedEntries } from '#infra/routes.ts';
import type { EndpointSpec, RouteSpec } from '#edge/specs.ts';
import { faultsAgainst, type OpenApi } from '#test/support/openapi-faults.ts';

interface Operation {
  readonly operationId: string;
  readonly externalDocs?: { readonly url: string };
  readonly security: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content: Readonly<Record<string, { schema: object }>> }>
  >;
  readonly requestBody?: {
    readonly content: { readonly 'application/json': { readonly schema: object; readonly example: unknown } };
  };
}

let entries: Entry[];
let document: OpenApi;
beforeAll(async () => {
  const own = await readInventory();
  entries = [...own, ...planted(own)];
  document = createCatalog(entries).openapi as OpenApi;
});

/** What somebody might add: an endpoint that streams, and OpenAI-compatible ones, streamed, buffered and for reading. */
function planted(own: readonly Entry[]): Entry[] {
  const change = (from: string, name: string, spec: Partial<EndpointSpec> | Partial<RouteSpec>): Entry => {
    const entry = own.find((each) => each.name === from)!;
    return { ...entry, name, spec: { ...entry.spec, ...spec } as Entry['spec'] };
  };
  const { spec: base } = own.find(({ name }) => name === 'summarize') as Entry & { readonly spec: EndpointSpec };
  const { model: _chosen, deterministic: _kept, stream: _live, ...named } = base;
  const compatible: Partial<EndpointSpec> = {
    answers: 'openai',
    input: z.looseObject({ model: z.string(), messages: z.array(z.looseObject({})).min(1) }),
    output: z.looseObject({ id: z.string() }),
    example: { model: 'gpt-6-luna', messages: [{ role: 'user', content: 'Hello.' }] },
    cachesOnRequest: true,
    hasQueue: false,
    errors: 'openai',
  };
  const spec = { ...named, ...compatible };
  const buffered: Entry = { ...change('summarize', 'openai/planted-plain', {}), spec: { ...spec, path: PLAIN } };
  return [
    change('summarize', 'planted', { stream: { timeoutMs: 120_000 }, path: '/v1/planted', errors: 'problem' }),
    buffered,
    { ...buffered, name: 'openai/planted', spec: { ...spec, path: STREAMED, stream: { timeoutMs: 870_000 } } },
    change('pages/health', 'openai/planted-models', {
      path: '/planted/openai/v1/models',
      access: ['caller'],
      errors: 'openai',
    }),
  ];
}

const PLAIN = '/planted/openai/v1/embeddings';
const STREAMED = '/planted/openai/v1/chat/completions';

function operationOf(path: string, method: string): Operation {
  return document.paths[path]![method.toLowerCase()] as unknown as Operation;
}

test('the document is valid OpenAPI 3.1, by a public validator', async () => {
  const validator = new Validator();
  const result = await validator.validate(structuredClone({ ...document }));
  expect(result).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
});

test('the validator is one that can say no', async () => {
  for (const spoil of [
    (copy: Record<string, unknown>) => delete copy['info'],
    (copy: Record<string, unknown>) => (copy['paths'] = { 'no-slash': {} }),
    (copy: Record<string, unknown>) => (copy['components'] = { schemas: 5 }),
  ]) {
    const copy = structuredClone(document) as unknown as Record<string, unknown>;
    spoil(copy);
    expect((await new Validator().validate(copy)).valid).toBe(false);
  }
});

test('every route of the inventory is in it, and nothing else', () => {
  const routes = routedEntries(entries).map((entry) => `${entry.spec.method.toLowerCase()} ${pathOf(entry)}`);
  const told = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method} ${path}`),
  );
  expect(told.sort()).toEqual(routes.sort());
});

test('no two operations have one id, and every reference leads somewhere', () => {
  const ids = Object.values(document.paths).flatMap((item) =>
    Object.values(item).map(({ operationId }) => operationId),
  );
  expect(new Set(ids).size).toBe(ids.length);
  for (const [, name = ''] of JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
    expect(Object.keys(document.components.schemas)).toContain(name);
  }
});

test('what needs a key says so, and what is public says that', () => {
  for (const entry of routedEntries(entries)) {
    const { security } = operationOf(pathOf(entry), entry.spec.method);
    expect([entry.name, security]).toEqual([entry.name, entry.spec.access === 'public' ? [] : [{ key: [] }]]);
  }
});

test('an endpoint’s example fits what the document says of its body, and a default need not be given', () => {
  for (const entry of routedEntries(entries).filter(({ spec }) => spec.kind === 'endpoint')) {
    const { schema, example } = operationOf(pathOf(entry), entry.spec.method).requestBody!.content['application/json'];
    expect([entry.name, z.fromJSONSchema(schema as never).safeParse(example).success]).toEqual([entry.name, true]);
  }
  const summarize = operationOf('/v1/summarize', 'POST').requestBody!.content['application/json'].schema;
  expect(summarize).toMatchObject({ required: ['text'], additionalProperties: false });
});

test('a route’s query parameters stand in it with their meaning', () => {
  const { parameters } = operationOf('/v1/spend', 'GET');
  expect(parameters!.map(({ name }) => name)).toEqual(['from', 'to', 'by', 'format']);
  for (const parameter of parameters!)
    expect(parameter).toMatchObject({ in: 'query', required: false, schema: { description: expect.any(String) } });
});

test('every parameter of a path stands in it as one that must be given, and what takes a body tells its schema', () => {
  for (const entry of routedEntries(entries)) {
    const path = pathOf(entry);
    const { parameters = [], requestBody } = operationOf(path, entry.spec.method);
    const inPath = parameters.filter((parameter) => parameter.in === 'path');
    expect([path, inPath.map(({ name }) => `{${name}}`)]).toEqual([path, path.match(/\{\w+\}/g) ?? []]);
    for (const parameter of inPath) expect(parameter).toMatchObject({ required: true });
    const takesBody = entry.spec.kind === 'endpoint' || entry.spec.method === 'PUT';
    expect([path, requestBody !== undefined]).toEqual([path, takesBody]);
    if (requestBody) expect(requestBody.content['application/json'].schema).toMatchObject({ type: 'object' });
  }
});

test('an endpoint tells of its idempotency key, and of the refusals that come with it', () => {
  const { parameters, responses } = operationOf('/v1/summarize', 'POST');
  expect(parameters!.filter((parameter) => parameter.in === 'header').map(({ name }) => name)).toEqual([
    'x-weir-timeout-ms',
    'cache-control',
    'idempotency-key',
  ]);
  expect(responses['409']!.description).toBe('The same Idempotency-Key is being worked on.');
  expect(responses['422']!.description).toContain('Idempotency-Key');
  expect(Object.keys(responses)).toEqual(expect.arrayContaining(['402', '503']));
});

test('exactly the endpoints that stream tell of an event stream', () => {
  for (const entry of routedEntries(entries)) {
    const { content } = operationOf(pathOf(entry), entry.spec.method).responses['200']!;
    const streams = entry.spec.kind === 'endpoint' && entry.spec.stream !== undefined;
    expect([entry.name, Object.hasOwn(content, 'text/event-stream')]).toEqual([entry.name, streams]);
    expect(content).toHaveProperty(['application/json', 'schema']);
  }
});

test.each<[object, boolean]>([
  [{}, true],
  [{ stream: true }, true],
  [{ stream: 'yes' }, false],
  [{ stop_when: { max_characters: 1 } }, true],
  [{ stream: true, stop_when: { max_sentences: 1000, literal: 'END', json: true } }, true],
  [{ stop_when: { max_characters: 0 } }, false],
  [{ stop_when: { max_sentences: 1001 } }, false],
  [{ stop_when: { literal: '' } }, false],
  [{ stop_when: { json: false } }, false],
  [{ stop_when: { tired: true } }, false],
  [{ steam: true }, false],
])('beside its input, the body of an endpoint that streams may have %j: %s', (wish, isFine) => {
  const { schema, example } = operationOf('/v1/planted', 'POST').requestBody!.content['application/json'];
  expect(z.fromJSONSchema(schema as never).safeParse({ ...(example as object), ...wish }).success).toBe(isFine);
});

test('a stop condition must be one, and who cannot stream does not stop either', () => {
  const bodyOf = (path: string) =>
    operationOf(path, 'POST').requestBody!.content['application/json'].schema as { properties: object };
  expect(bodyOf('/v1/planted').properties).toMatchObject({
    stop_when: { minProperties: 1 },
    stream: { default: false },
  });
  expect(bodyOf('/v1/classify').properties).not.toHaveProperty('stop_when');
});

const DONE = {
  output: { summary: 'A weir holds.' },
  finish: 'enough',
  usage: { inputTokens: 9, cachedInputTokens: 0, outputTokens: 4, reasoningTokens: 0 },
  costUsd: '0.00001',
  basis: 'estimated',
  cache: 'miss',
  model: 'gpt-6-luna',
  callId: 'c1',
};
const PROBLEM = { type: 'urn:x', title: 'x', status: 504, code: 'x', detail: 'x', requestId: 'r1' };
const sse = (event: string, data: unknown) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

test.each<[string, string, RegExp | '']>([
  [
    'an answer',
    `: open\n\n${sse('text', { text: 'A weir' })}: still\n\n${sse('text', { text: ' holds.' })}${sse('done', DONE)}`,
    '',
  ],
  ['one from the cache', sse('done', { ...DONE, cache: 'hit', ageSeconds: 12 }), ''],
  ['one that went wrong', sse('text', { text: 'A' }) + sse('error', PROBLEM), ''],
  ['a text that is none', sse('text', { text: 7 }), /^event 1 \(text\)/],
  ['an end without a cost', sse('done', { ...DONE, costUsd: undefined }), /^event 1 \(done\)/],
  ['an output that is not the endpoint’s', sse('done', { ...DONE, output: {} }), /^event 1 \(done\)/],
  [
    'an error without its status',
    sse('text', { text: 'A' }) + sse('error', { ...PROBLEM, status: undefined }),
    /^event 2 \(error\)/,
  ],
  ['an event that nobody was told of', sse('more', {}), /^event 1 \(more\)/],
])('the events of a stream are told, each with its data: %s', (_what, body, fault) => {
  const reply = { method: 'post', path: '/v1/planted', status: 200, contentType: 'text/event-stream', body };
  const faults = faultsAgainst(document, reply).join('; ');
  if (fault === '') expect(faults).toBe('');
  else expect(faults).toMatch(fault);
});

test('every compatible route leads to OpenAI’s reference, takes fields that nobody has heard of, and its errors are OpenAI’s', () => {
  const body = operationOf(STREAMED, 'POST').requestBody!.content['application/json'].schema as never;
  const request = { model: 'gpt-6-luna', messages: [{ role: 'user', content: 'Hi', name: 'x' }], not_yet_known: [1] };
  expect(z.fromJSONSchema(body).safeParse(request).success).toBe(true);
  expect(z.fromJSONSchema(body).safeParse({ ...request, messages: undefined }).success).toBe(false);

  const compatible = routedEntries(entries).filter(({ spec }) => spec.errors === 'openai');
  expect(compatible.length).toBeGreaterThanOrEqual(3);
  const own = { error: { message: 'no', type: 'invalid_request_error', param: 'model', code: 'model_not_found' } };
  for (const entry of compatible) {
    const [path, method] = [pathOf(entry), entry.spec.method.toLowerCase()];
    const { externalDocs, responses } = operationOf(path, method);
    expect(externalDocs!.url, path).toMatch(/^https:\/\/platform\.openai\.com\/docs\/api-reference\/\w/);
    const seen = { method, path, contentType: 'application/json', body: own };
    for (const status of Object.keys(responses)
      .filter((each) => each !== '200')
      .map(Number)) {
      expect(faultsAgainst(document, { ...seen, status })).toEqual([]);
      expect(faultsAgainst(document, { ...seen, status, body: { error: 'no' } })).not.toEqual([]);
      // What the gateway answers itself.
      const gateways = { ...seen, status, contentType: 'application/problem+json', body: { ...PROBLEM, ...own } };
      expect(faultsAgainst(document, gateways)).toEqual([]);
    }
  }
});

test.each<[string, object, boolean]>([
  ['/openai/v1/chat/completions', { messages: [], stream: true, n: 2 }, true],
  ['/openai/v1/chat/completions', { model: 'gpt-6-luna' }, false],
  ['/openai/v1/responses', { input: 'Hello.', model: 'gpt-6-luna', stream: 'yes' }, false],
  ['/openai/v1/embeddings', { input: ['a', 'b'] }, true],
  ['/openai/v1/embeddings', { model: 'text-embedding-3-small' }, false],
  ['/openai/v1/moderations', { input: 'a', model: 7 }, false],
])('what a request to %s cannot do without is told: %j: %s', (path, request, isFine) => {
  const { schema } = operationOf(path, 'POST').requestBody!.content['application/json'];
  expect(z.fromJSONSchema(schema as never).safeParse(request).success).toBe(isFine);
});

test('a route that is not compatible tells its errors as problems only', () => {
  for (const entry of routedEntries(entries).filter(({ spec }) => spec.errors !== 'openai')) {
    const { responses } = operationOf(pathOf(entry), entry.spec.method);
    const errors = Object.entries(responses).filter(([status]) => status !== '200');
    for (const [, { content }] of errors) expect(Object.keys(content)).toEqual(['application/problem+json']);
  }
});

test('who may ask for caching is told how, and that an idempotency key is not for streams', () => {
  const headersOf = (path: string) =>
    operationOf(path, 'POST').parameters!.filter((parameter) => parameter.in === 'header') as unknown as {
      name: string;
      description: string;
      example?: string;
    }[];
  for (const path of [PLAIN, STREAMED]) {
    expect(headersOf(path).find(({ name }) => name === 'x-weir-cache')).toMatchObject({ example: '1h' });
  }
  expect(headersOf('/v1/planted').map(({ name }) => name)).not.toContain('x-weir-cache');
  const saysOfStreams = (path: string) =>
    headersOf(path)
      .find(({ name }) => name === 'idempotency-key')!
      .description.includes('not for streams');
  expect([PLAIN, STREAMED, '/v1/planted', '/v1/classify'].map(saysOfStreams)).toEqual([false, true, true, false]);
});
