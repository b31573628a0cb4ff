import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleEntries } from '#infra/bundle/bundle-entries.ts';
import { createCatalog } from '#infra/catalog.ts';
import { FUNCTIONS_FOLDER, readInventory } from '#infra/inventory.ts';
import { startLocalGateway } from '#test/support/local-gateway.ts';
import type { OpenApi } from '#test/support/openapi-faults.ts';

const ROOT = resolve(FUNCTIONS_FOLDER, '..');

/** All that an engineer writes. */
const HAIKU = `
import * as z from 'zod';
import { defineEndpoint } from '#edge/define-endpoint.ts';
import { small } from '#edge/models.ts';

export const { handler, spec } = defineEndpoint({
  summary: 'A haiku on a topic.',
  input: z.strictObject({ topic: z.string().min(1).max(200) }),
  output: z.strictObject({ haiku: z.string() }),
  example: { topic: 'rain' },
  model: small,
  limits: { timeoutMs: 10_000, maxOutputTokens: 100 },
  deterministic: { ttlSeconds: 60 },
  prompt: ({ topic }) => ({ instructions: 'Write a haiku on the topic that the user names.', input: topic }),
});
`;

let tree: string;
let functionsFolder: string;
beforeAll(async () => {
  // A copy of the tree with one file more; what the `#` names mean is told by the nearest package.json.
  tree = await mkdtemp(join(tmpdir(), 'weir-tree-'));
  functionsFolder = join(tree, 'functions');
  await cp(FUNCTIONS_FOLDER, functionsFolder, { recursive: true });
  await cp(join(ROOT, 'package.json'), join(tree, 'package.json'));
  await symlink(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  await mkdir(join(functionsFolder, 'endpoints', 'poems'));
  await writeFile(join(functionsFolder, 'endpoints', 'poems', 'haiku.ts'), HAIKU);
});
afterAll(() => rm(tree, { recursive: true, force: true }));

test('an endpoint that is added as one file is served by npm start, with budget, cache and ledger', async () => {
  await using gateway = await startLocalGateway({ functionsFolder });
  const path = '/v1/poems/haiku';
  const first = await gateway.send({ path, body: { topic: 'rain' } });
  expect([first.status, first.headers['x-weir-cache']]).toEqual([200, 'miss']);
  expect(first.json).toEqual({ haiku: expect.any(String) });
  const second = await gateway.send({ path, body: { topic: 'rain' } });
  expect([second.status, second.headers['x-weir-cache'], second.json]).toEqual([200, 'hit', first.json]);
  const refused = await gateway.send({ path, body: { topic: '' } });
  expect(refused.json['detail']).toBe('topic must be at least 1 character long, but 0 characters were provided');

  const entries = await gateway.ledger();
  expect(entries.map(({ endpoint, cache }) => `${endpoint} ${cache}`).sort()).toEqual([
    'poems/haiku hit',
    'poems/haiku miss',
  ]);
  expect(gateway.weir.outputs.queues['poems/haiku']?.url).toContain('weir-poems-haiku');
  // Those that were there before are there still.
  expect((await gateway.send({ path: '/v1/summarize', body: { text: 'A weir.' } })).status).toBe(200);
});

test('it is allowed and refused by its name like any other', async () => {
  await using gateway = await startLocalGateway({ functionsFolder });
  const statusOf = async (path: string, body: object, key: string) => (await gateway.send({ path, body, key })).status;
  const poet = await gateway.register({ id: 'poet', roles: ['caller'], endpoints: ['poems/haiku'] });
  expect(await statusOf('/v1/poems/haiku', { topic: 'rain' }, poet)).toBe(200);
  expect(await statusOf('/v1/summarize', { text: 'a' }, poet)).toBe(403);
});

test('it stands in the OpenAPI document', async () => {
  const { openapi, routes } = createCatalog(await readInventory(functionsFolder));
  expect(routes).toContainEqual({
    name: 'poems/haiku',
    kind: 'endpoint',
    method: 'POST',
    path: '/v1/poems/haiku',
    access: ['caller'],
  });
  expect((openapi as OpenApi).paths['/v1/poems/haiku']).toMatchObject({
    post: { operationId: 'poems-haiku', summary: 'A haiku on a topic.' },
  });
  expect(await new Validator().validate(structuredClone(openapi as Record<string, unknown>))).toEqual({ valid: true });
});

test('it is bundled, and the bundle’s authorizer knows its route', async () => {
  const outFolder = join(tree, 'dist');
  const entries = await readInventory(functionsFolder);
  const needed = entries.filter(({ name }) => name === 'poems/haiku' || name === 'security/authorize-caller');
  const bundles = await bundleEntries(needed, outFolder);
  const haiku = bundles.find(({ entry }) => entry.name === 'poems/haiku')!;
  expect(haiku.folder).toBe(join(outFolder, 'poems-haiku'));
  expect(haiku.bytes).toBeLessThan(450_000);
  expect(await readFile(join(haiku.folder, 'index.js'), 'utf8')).toContain('Write a haiku on the topic');
  const catalog = await readFile(join(outFolder, 'security-authorize-caller', 'catalog.json'), 'utf8');
  expect(JSON.parse(catalog)).toMatchObject({ routes: [{ path: '/v1/poems/haiku' }] });
});

test('a file beside the endpoints that exports no spec is no endpoint, and half a one is named', async () => {
  const file = join(functionsFolder, 'endpoints', 'half.ts');
  await writeFile(file, 'export const rhymes = 3;\n');
  expect((await readInventory(functionsFolder)).map(({ name }) => name)).not.toContain('half');
  const other = join(functionsFolder, 'endpoints', 'other-half.ts');
  await writeFile(other, 'export const spec = {};\n');
  await expect(readInventory(functionsFolder)).rejects.toThrow(`${other} must export both handler and spec`);
  await Promise.all([rm(file), rm(other)]);
});
