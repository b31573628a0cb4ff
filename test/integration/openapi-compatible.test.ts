import * as z from 'zod';
import { beforeAll, expect, test } from 'vitest';
import { createCatalog } from '#infra/catalog.ts';
import { readInventory, type Entry } from '#infra/inventory.ts';
import { pathOf, routedEntries } from '#infra/routes.ts';
import { faultsAgainst, type OpenApi } from '#test/support/openapi-faults.ts';

interface Operation {
  readonly externalDocs?: { readonly url: string };
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, object>>;
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: object } } };
}

const PLAIN = '/openai/v1/embeddings';
const STREAMED = '/openai/v1/chat/completions';
const PROBLEM = { type: 'urn:x', title: 'x', status: 504, code: 'x', detail: 'x', requestId: 'r1' };

let entries: Entry[];
let document: OpenApi;
beforeAll(async () => {
  entries = await readInventory();
  document = createCatalog(entries).openapi as OpenApi;
});

function operationOf(path: string, method: string): Operation {
  return document.paths[path]![method] as unknown as Operation;
}

test('every compatible route leads to OpenAI’s reference, takes fields that nobody has heard of, and its errors are OpenAI’s', () => {
  const body = operationOf('/openai/v1/chat/completions', 'post').requestBody!.content['application/json']
    .schema as never;
  const request = { model: 'gpt-6-luna', messages: [{ role: 'user', content: 'Hi', name: 'x' }], not_yet_known: [1] };
  expect(z.fromJSONSchema(body).safeParse(request).success).toBe(true);
  expect(z.fromJSONSchema(body).safeParse({ ...request, messages: undefined }).success).toBe(false);

  const compatible = routedEntries(entries).filter(({ spec }) => spec.errors === 'openai');
  expect(compatible.length).toBeGreaterThanOrEqual(5);
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
  const { schema } = operationOf(path, 'post').requestBody!.content['application/json'];
  expect(z.fromJSONSchema(schema as never).safeParse(request).success).toBe(isFine);
});

test('who may ask for caching is told how, and that an idempotency key is not for streams', () => {
  const headersOf = (path: string) =>
    operationOf(path, 'post').parameters!.filter((parameter) => parameter.in === 'header') as unknown as {
      name: string;
      description: string;
      example?: string;
    }[];
  for (const path of [PLAIN, STREAMED]) {
    expect(headersOf(path).find(({ name }) => name === 'x-weir-cache')).toMatchObject({ example: '1h' });
  }
  expect(headersOf('/v1/summarize').map(({ name }) => name)).not.toContain('x-weir-cache');
  const saysOfStreams = (path: string) =>
    headersOf(path)
      .find(({ name }) => name === 'idempotency-key')!
      .description.includes('not for streams');
  expect([PLAIN, STREAMED, '/v1/summarize', '/v1/classify'].map(saysOfStreams)).toEqual([false, true, true, false]);
});
