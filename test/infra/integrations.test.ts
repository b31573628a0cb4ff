import { beforeAll, expect, test } from 'vitest';
import type { Entry } from '#infra/inventory.ts';
import { pathOf, routedEntries, type RoutedEntry } from '#infra/routes.ts';
import { routesOf } from './deployed-routes.ts';
import {
  bundleAll,
  createApp,
  Deployment,
  only,
  plantCompatible,
  plantEndpoint,
  plantRoute,
  type Resource,
} from './deployment.ts';

/** Of two routes that somebody might add, with a parameter in the middle. */
const PLANTED_PATH = '/v1/planted/{scope}/limit';

let deployment: Deployment;
let entries: Entry[];
let routes: Map<string, Resource>;

beforeAll(async () => {
  const all = await bundleAll();
  const bundles = [
    ...all.bundles,
    plantRoute(all.bundles, 'finance/planted-get', { method: 'GET', path: PLANTED_PATH }),
    plantRoute(all.bundles, 'finance/planted-put', { method: 'PUT', path: PLANTED_PATH }),
    plantCompatible(all.bundles, 'openai/planted-stream'),
    plantCompatible(all.bundles, 'openai/planted-buffer', { stream: undefined }),
    plantEndpoint(all.bundles, 'planted-stream', { stream: { timeoutMs: 60_000 } }),
  ];
  entries = bundles.map(({ entry }) => entry);
  deployment = new Deployment(createApp(bundles));
  routes = routesOf(deployment);
}, 120_000);

/** How API Gateway calls the function of an entry. */
function integrationOf(entry: RoutedEntry) {
  const { stack, Properties } = routes.get(`${entry.spec.method} ${pathOf(entry)}`)!;
  const {
    Type: type,
    IntegrationHttpMethod: method,
    ResponseTransferMode: mode,
    TimeoutInMillis: timeoutMs,
    Uri,
  } = Properties['Integration'];
  const parts = Uri['Fn::Join'][1] as unknown[];
  const at = parts.findIndex(isFunctionArn);
  // What stands around the function's name in the URI tells which of Lambda's APIs it is.
  const [before, after] = [String(parts[at - 1]), String(parts[at + 1])];
  const api = [before.replace(/^.*:lambda:/, ''), after] as const;
  return { type, method, mode, timeoutMs: timeoutMs as number, api, lambda: deployment.target(stack, parts[at]) };
}

function isFunctionArn(part: unknown): boolean {
  return typeof part === 'object' && part !== null && !('Ref' in part);
}

test('the deployed routes are the inventory’s, each before its own function', () => {
  const expected = routedEntries(entries).map((entry) => `${entry.spec.method} ${pathOf(entry)}`);
  expect([...routes.keys()].sort()).toEqual(expected.sort());

  for (const entry of routedEntries(entries)) {
    const { type, method, lambda } = integrationOf(entry);
    expect([type, method]).toEqual(['AWS_PROXY', 'POST']);
    expect(lambda.Properties['Environment'].Variables.WEIR_ENTRY).toBe(entry.name);
  }
});

test('exactly the routes whose specs stream do', () => {
  const streaming = routedEntries(entries).filter((entry) => integrationOf(entry).mode === 'STREAM');
  const declared = entries.filter(({ spec }) => spec.kind === 'endpoint' && spec.stream);
  expect(streaming.map(({ name }) => name)).toEqual(declared.map(({ name }) => name));
  expect(declared.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['summarize', 'openai/chat-completions', 'openai/planted-stream', 'planted-stream']),
  );
});

test('a route that streams is called by the API that streams, for as long as its function may run', () => {
  for (const entry of routedEntries(entries)) {
    const { mode, api, timeoutMs, lambda } = integrationOf(entry);
    if (mode === 'STREAM') {
      expect(api, entry.name).toEqual(['path/2021-11-15/functions/', '/response-streaming-invocations']);
      expect(timeoutMs, entry.name).toBe(1000 * lambda.Properties['Timeout']);
      expect(timeoutMs, entry.name).toBeLessThanOrEqual(900_000);
    } else {
      expect(api, entry.name).toEqual(['path/2015-03-31/functions/', '/invocations']);
      expect(timeoutMs, entry.name).toBe(29_000);
    }
  }
});

test('API Gateway may invoke each function for its own route and no other', () => {
  for (const entry of routedEntries(entries)) {
    const sources = permissionsOf(entry.name);
    const path = pathOf(entry).replaceAll(/\{\w+\}/g, '*');
    expect(sources, entry.name).toEqual([
      expect.stringMatching(new RegExp(`/${entry.spec.method}${RegExp.escape(path)}$`)),
    ]);
  }
});

/** The routes for which a function may be invoked. */
function permissionsOf(name: string): string[] {
  return deployment
    .ofType('AWS::Lambda::Permission')
    .filter(({ stack, Properties }) => {
      const lambda = deployment.target(stack, Properties['FunctionName']);
      return lambda.Properties['Environment'].Variables.WEIR_ENTRY === name;
    })
    .map(({ stack, Properties }) => {
      expect(Properties).toMatchObject({ Action: 'lambda:InvokeFunction', Principal: 'apigateway.amazonaws.com' });
      return deployment.text(stack, Properties['SourceArn']);
    });
}

test('a route with a parameter invokes its function whatever the parameter is, and by its own method only', () => {
  for (const [method, name] of [
    ['GET', 'finance/planted-get'],
    ['PUT', 'finance/planted-put'],
  ] as const) {
    expect(only(permissionsOf(name), name)).toMatch(new RegExp(`/${method}/v1/planted/\\*/limit$`));
  }
});
