import { expect, test } from 'vitest';
import type { EndpointSpec } from '#edge/specs.ts';
import { createCatalog } from '#infra/catalog.ts';
import { routeClashes } from '#infra/check-routes.ts';
import { readInventory } from '#infra/inventory.ts';
import { routedEntries, type RoutedEntry } from '#infra/routes.ts';

/** Routes that exist in this test only: `GET /v1/a/{x} finance`, `POST /v1/b caller endpoint`. */
function clashesOf(...routes: string[]): string {
  const entries = routes.map((route, index) => {
    const [method, path, access = 'finance', kind = 'route'] = route.split(' ');
    const spec = { kind, method, path, access: access === 'public' ? access : access.split(',') };
    return { name: `route-${index}`, spec } as unknown as RoutedEntry;
  });
  return routeClashes(entries).join('; ');
}

test('the routes of the repository stand beside each other', async () => {
  expect(routeClashes(routedEntries(await readInventory()))).toEqual([]);
});

test.each([
  ['one path twice', ['GET /v1/a', 'GET /v1/a']],
  ['one path under two names of its parameter', ['GET /v1/a/{x}', 'GET /v1/a/{y}']],
])('%s is one route too many', (_what, routes) => {
  expect(clashesOf(...routes)).toMatch(
    /^GET \/v1\/a\S* \(route-0\) and GET \/v1\/a\S* \(route-1\) are the same route$/,
  );
});

test('what API Gateway’s tree of paths cannot hold is told before it is deployed', () => {
  const fault = 'name a parameter in the same place differently';
  expect(clashesOf('GET /v1/a/{x}', 'PUT /v1/a/{y}')).toContain(fault);
  expect(clashesOf('GET /v1/{x}/b', 'PUT /v1/{y}/c')).toContain(fault);
  expect(clashesOf('GET /v1/a/{x}', 'PUT /v1/a/{x}')).toBe('');
  expect(clashesOf('GET /v1/a/{x}', 'GET /v1/b/{y}', 'GET /v1/a/{x}/{y}', 'GET /v1/a/x')).toBe('');
});

test('A4 a policy’s wildcard opens no route that its holders may not use', () => {
  const fault = 'must have the same access';
  expect(clashesOf('GET /v1/a/{x} caller', 'GET /v1/a/{x}/keys administrator')).toContain(fault);
  expect(clashesOf('GET /v1/a/all administrator', 'GET /v1/a/{x} caller')).toContain(fault);
  expect(clashesOf('GET /v1/{x}/b caller', 'GET /v1/a/c/b finance')).toContain(fault);
  // A caller may be allowed one endpoint and not the other.
  expect(clashesOf('POST /v1/a/{x} caller endpoint', 'POST /v1/a/b caller endpoint')).toContain(fault);
  for (const other of [
    'GET /v1/a/{x}/keys finance,administrator', // the same roles, in another order
    'GET /v1/a/{x}/keys public',
    'PUT /v1/a/{x}/keys caller',
    'GET /v1/a caller',
    'GET /v1/ab/all caller',
  ]) {
    expect(clashesOf('GET /v1/a/{x} administrator,finance', other)).toBe('');
  }
});

test('OpenAI’s paths stand beside Weir’s own, also those that end alike', () => {
  const own = ['POST /v1/embeddings caller', 'GET /v1/models/{model} administrator', 'GET /v1/{kind}/models finance'];
  const openai = [
    'POST /openai/v1/chat/completions caller',
    'POST /openai/v1/embeddings caller',
    'GET /openai/v1/models caller',
    'GET /openai/v1/models/{model} caller',
  ];
  expect(clashesOf(...own, ...openai)).toBe('');
  expect(clashesOf(...openai, 'GET /openai/v1/models/{id}/owner caller')).toContain(
    'name a parameter in the same place',
  );
  expect(clashesOf(...openai, 'GET /openai/v1/models/{model}/owner finance')).toContain('must have the same access');
});

test('routes that clash make no catalog, and so neither a start nor a deployment', async () => {
  const entries = await readInventory();
  const health = entries.find(({ name }) => name === 'pages/health')!;
  expect(() => createCatalog([...entries, { ...health, name: 'pages/other' }])).toThrow(
    'GET /health (pages/health) and GET /health (pages/other) are the same route',
  );
});

test('the catalog tells each endpoint’s budget, and its version changes with it', async () => {
  const entries = await readInventory();
  const embed = entries.find(({ name }) => name === 'embed')!;
  const others = entries.filter((entry) => entry !== embed);
  const withBudget = (budget: object) =>
    createCatalog([...others, { ...embed, spec: { ...embed.spec, budget } as EndpointSpec }]);
  const { routes, version } = withBudget({ monthlyUsd: '5', shards: 3 });
  expect(routes.find(({ name }) => name === 'embed')).toMatchObject({ budget: { monthlyUsd: '5', shards: 3 } });
  expect(routes.find(({ name }) => name === 'pages/health')).not.toHaveProperty('budget');
  expect(version).not.toBe(withBudget({ monthlyUsd: '6', shards: 3 }).version);
  expect(version).toBe(withBudget({ monthlyUsd: '5', shards: 3 }).version);
});
