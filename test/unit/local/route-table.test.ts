import { expect, test } from 'vitest';
import type { HostedFunction } from '#infra/local/lambda-host.ts';
import { createRouteTable } from '#infra/local/route-table.ts';

/** Finds among routes such as `GET /v1/a/{x}`: gives the one that was found, and its parameters. */
function finder(...routes: string[]) {
  const functions = routes.map((route) => {
    const [method, path] = route.split(' ');
    return { entry: { name: route, spec: { kind: 'route', method, path } } } as unknown as HostedFunction;
  });
  const schedule = { entry: { name: 'sweep', spec: { kind: 'schedule', path: '/sweep', method: 'GET' } } };
  const find = createRouteTable([...functions, schedule as unknown as HostedFunction]);
  return (method: string, path: string) => {
    const route = find(method, path);
    return route && [route.hosted.entry.name, route.parameters];
  };
}

test('a parameter is any one segment, as it was sent', () => {
  const find = finder('GET /v1/budgets/{scope}', 'PUT /v1/budgets/{scope}', 'GET /v1/{a}/x/{b}');
  expect(find('GET', '/v1/budgets/endpoint%3Aa%2Fb')).toEqual([
    'GET /v1/budgets/{scope}',
    { scope: 'endpoint%3Aa%2Fb' },
  ]);
  expect(find('PUT', '/v1/budgets/account')).toEqual(['PUT /v1/budgets/{scope}', { scope: 'account' }]);
  expect(find('GET', '/v1/1/x/2')).toEqual(['GET /v1/{a}/x/{b}', { a: '1', b: '2' }]);
});

test.each([
  '/v1/budgets',
  '/v1/budgets/',
  '/v1/budgets/a/',
  '/v1/budgets/a/b',
  'v1/budgets/a',
  '/V1/budgets/a',
  '/sweep',
  '',
])('%j is no route', (path) => {
  expect(finder('GET /v1/budgets/{scope}')('GET', path)).toBeUndefined();
});

test('a plain segment goes before a parameter, the leftmost first', () => {
  for (const routes of [
    ['GET /v1/{a}/{b}', 'GET /v1/{a}/x', 'GET /v1/y/{b}', 'GET /v1/y/x'],
    ['GET /v1/y/x', 'GET /v1/y/{b}', 'GET /v1/{a}/x', 'GET /v1/{a}/{b}'],
  ]) {
    const find = finder(...routes);
    expect(find('GET', '/v1/y/x')).toEqual(['GET /v1/y/x', null]);
    expect(find('GET', '/v1/y/z')).toEqual(['GET /v1/y/{b}', { b: 'z' }]);
    expect(find('GET', '/v1/z/x')).toEqual(['GET /v1/{a}/x', { a: 'z' }]);
    expect(find('GET', '/v1/z/z')).toEqual(['GET /v1/{a}/{b}', { a: 'z', b: 'z' }]);
  }
});

test('a method that the nearer resource lacks is not looked for at the farther one', () => {
  const find = finder('GET /v1/a/all', 'PUT /v1/a/{x}');
  expect(find('PUT', '/v1/a/all')).toBeUndefined();
  expect(find('PUT', '/v1/a/one')).toEqual(['PUT /v1/a/{x}', { x: 'one' }]);
});
