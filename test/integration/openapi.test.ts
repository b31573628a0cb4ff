import { Validator } from '@seriousme/openapi-schema-validator';
import * as z from 'zod';
import { beforeAll, expect, test } from 'vitest';
import { createCatalog } from '#infra/catalog.ts';
import { readInventory, type Entry } from '#infra/inventory.ts';
import { pathOf, routedEntries } from '#infra/routes.ts';
import type { OpenApi } from '#test/support/openapi-faults.ts';

interface Operation {
  readonly operationId: string;
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
  entries = await readInventory();
  document = createCatalog(entries).openapi as OpenApi;
});

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
  expect(parameters!.map(({ name }) => name)).toEqual(['from', 'to', 'by', 'tag', 'format']);
  for (const parameter of parameters!)
    expect(parameter).toMatchObject({
      in: 'query',
      required: false,
      description: expect.any(String),
      schema: { description: expect.any(String) },
    });
});

test('every parameter of a path stands in it as one that must be given, and what takes a body tells its schema', () => {
  for (const entry of routedEntries(entries)) {
    const path = pathOf(entry);
    const { parameters = [], requestBody } = operationOf(path, entry.spec.method);
    const inPath = parameters.filter((parameter) => parameter.in === 'path');
    expect([path, inPath.map(({ name }) => `{${name}}`)]).toEqual([path, path.match(/\{\w+\}/g) ?? []]);
    for (const parameter of inPath) expect(parameter).toMatchObject({ required: true });
    const takesBody = entry.spec.method === 'POST' || entry.spec.method === 'PUT';
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

test('exactly the endpoints whose answers can be a stream of events tell of one', () => {
  for (const entry of routedEntries(entries)) {
    const status = entry.spec.kind === 'route' ? entry.spec.status : 200;
    const { content } = operationOf(pathOf(entry), entry.spec.method).responses[status]!;
    // Embeddings only need a route that has no limit of size.
    const streams =
      entry.spec.kind === 'endpoint' && entry.spec.stream !== undefined && !entry.name.endsWith('/embeddings');
    expect([entry.name, Object.hasOwn(content, 'text/event-stream')]).toEqual([entry.name, streams]);
    if (entry.spec.kind === 'route')
      expect([entry.name, Object.keys(content)]).toEqual([entry.name, entry.spec.produces]);
    else expect(content).toHaveProperty(['application/json', 'schema']);
  }
});

test('a route’s example stands where a reader would fill it in: at its parameters, and at its body', () => {
  const { parameters, requestBody } = operationOf('/v1/budgets/{scope}', 'PUT');
  expect(parameters).toEqual([expect.objectContaining({ name: 'scope', example: 'endpoint:summarize' })]);
  expect(requestBody!.content['application/json'].example).toEqual({ window: 'month', limitUsd: '50' });
  for (const entry of routedEntries(entries)) {
    if (entry.spec.kind !== 'route' || !entry.spec.example) continue;
    const { body, ...given } = entry.spec.example;
    const told = operationOf(pathOf(entry), entry.spec.method);
    const examples = (told.parameters ?? []).flatMap((each) => ('example' in each ? [[each.name, each.example]] : []));
    expect([entry.name, Object.fromEntries(examples)]).toEqual([entry.name, given]);
    expect(told.requestBody?.content['application/json'].example).toEqual(body);
  }
});

test('a route that is not compatible tells its errors as problems only', () => {
  for (const entry of routedEntries(entries).filter(({ spec }) => spec.errors !== 'openai')) {
    const { responses } = operationOf(pathOf(entry), entry.spec.method);
    const errors = Object.entries(responses).filter(([status]) => !status.startsWith('2'));
    for (const [, { content }] of errors) expect(Object.keys(content)).toEqual(['application/problem+json']);
  }
});
