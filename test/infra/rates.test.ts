import { beforeAll, expect, test } from 'vitest';
import { sharedUsageKey } from '#edge/callers/usage-key.ts';
import type { Entry } from '#infra/inventory.ts';
import { keyForbidden, proofDenied } from '#infra/gateway-errors.ts';
import { GatewayRefusal } from '#infra/local/gateway-refusal.ts';
import { Throttled, Unauthenticated } from '#platform/errors.ts';
import { routesOf } from './deployed-routes.ts';
import { bundleAll, createApp, Deployment, only, type Resource } from './deployment.ts';

let deployment: Deployment;
let entries: Entry[];

beforeAll(async () => {
  const all = await bundleAll();
  entries = all.bundles.map(({ entry }) => entry);
  deployment = new Deployment(createApp(all.bundles));
}, 120_000);

const plans = () => deployment.ofType('AWS::ApiGateway::UsagePlan');
const theOnly = (type: string): Resource => only(deployment.ofType(type), type);

test('each rate is a usage plan of the one stage, which lets so many requests a second through, and as many at once', () => {
  const rates = plans().map(({ Properties: { UsagePlanName: name, Throttle: throttle } }) => [name, throttle] as const);
  expect(rates).toEqual([
    ...[1, 5, 10, 25, 50, 100].map((rate) => [`weir-prod-${rate}-a-second`, { RateLimit: rate, BurstLimit: rate }]),
    ['weir-prod-shared', undefined],
  ]);
  for (const { stack, Properties } of plans()) {
    const { ApiId: api, Stage: stage, Throttle: throttle } = only(Properties['ApiStages'] as Bound[], 'stages');
    expect(deployment.target(stack, api)).toBe(theOnly('AWS::ApiGateway::RestApi'));
    expect(deployment.target(stack, stage)).toBe(theOnly('AWS::ApiGateway::Stage'));
    // No method is let off.
    expect(throttle ?? {}).toEqual({});
    expect(Properties['Quota']).toBeUndefined();
  }
});

interface Bound {
  readonly ApiId: unknown;
  readonly Stage: unknown;
  readonly Throttle?: object;
}

test('who has no rate is in the plan without one, by the key that the authorizer names', () => {
  const { stack, Properties } = theOnly('AWS::ApiGateway::ApiKey');
  expect(deployment.text(stack, Properties['Value'])).toBe(sharedUsageKey('Gateway/Api'));
  expect(Properties['Enabled']).toBe(true);
  const bound = theOnly('AWS::ApiGateway::UsagePlanKey');
  expect(deployment.target(stack, bound.Properties['KeyId']).Type).toBe('AWS::ApiGateway::ApiKey');
  const plan = deployment.target(stack, bound.Properties['UsagePlanId']);
  expect(plan.Properties['UsagePlanName']).toBe('weir-prod-shared');
});

test('every route that asks for a key of Weir’s demands an API key, which the authorizer names and nobody else', () => {
  expect(theOnly('AWS::ApiGateway::RestApi').Properties['ApiKeySourceType']).toBe('AUTHORIZER');
  for (const [route, { Properties }] of routesOf(deployment)) {
    const isAuthorized = Properties['AuthorizationType'] === 'CUSTOM';
    expect(Properties['ApiKeyRequired'] === true, route).toBe(isAuthorized);
  }
});

test('functions that know callers know whose plans these are, and no others', () => {
  for (const { stack, Properties } of deployment.ofType('AWS::Lambda::Function')) {
    const variables = Properties['Environment'].Variables as Record<string, unknown>;
    const { spec } = entries.find(({ name }) => name === variables['WEIR_ENTRY'])!;
    const tables = [...('reads' in spec ? spec.reads : []), ...('writes' in spec ? spec.writes : [])];
    const api = variables['WEIR_API_ID'];
    expect(api !== undefined, spec.summary).toBe(tables.includes('callers'));
    if (api !== undefined) expect(deployment.target(stack, api)).toBe(theOnly('AWS::ApiGateway::RestApi'));
  }
});

test.each([
  ['THROTTLED', new Throttled()],
  ['QUOTA_EXCEEDED', new Throttled()],
  ['INVALID_API_KEY', keyForbidden],
  ['ACCESS_DENIED', proofDenied],
  ['UNAUTHORIZED', new Unauthenticated()],
])('%s is told on AWS as the local gateway tells it: status, headers and every word', (type, error) => {
  const { Properties } = only(
    deployment.ofType('AWS::ApiGateway::GatewayResponse').filter((each) => each.Properties['ResponseType'] === type),
    type,
  );
  const local = GatewayRefusal.of(error, '$context.requestId').reply;
  expect(Properties['StatusCode']).toBe(String(local.statusCode));
  const body = Properties['ResponseTemplates']['application/json'] as string;
  expect(JSON.parse(body)).toEqual(JSON.parse(local.body));
  const { 'x-request-id': _ofTheLocalOneAlone, ...headers } = local.headers;
  const told = Object.entries(headers).map(([name, value]) => [`gatewayresponse.header.${name}`, `'${value}'`]);
  expect(Properties['ResponseParameters']).toMatchObject(Object.fromEntries(told));
});

test('nothing waits for itself: plans come after the stage, the stage after methods, methods after functions', () => {
  for (const [stack, { Resources }] of deployment.templates) {
    const waits = new Map(Object.entries(Resources).map(([id, resource]) => [id, namesIn(resource, Resources)]));
    expect(cycleIn(waits), stack).toBeUndefined();
  }
});

/** What a resource refers to in its own template, and what it is told to wait for. */
function namesIn(value: unknown, resources: object): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => namesIn(each, resources));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    if (name === 'DependsOn' || name === 'Ref')
      return [inner].flat().filter((id) => String(id) in resources) as string[];
    if (name === 'Fn::GetAtt') return (inner as string[]).slice(0, 1);
    if (name === 'Metadata') return [];
    return namesIn(inner, resources);
  });
}

function cycleIn(waits: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (id: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(id)) return [...path, id];
    if (done.has(id)) return undefined;
    for (const next of waits.get(id) ?? []) {
      const cycle = visit(next, [...path, id]);
      if (cycle) return cycle;
    }
    done.add(id);
    return undefined;
  };
  for (const id of waits.keys()) {
    const cycle = visit(id, []);
    if (cycle) return cycle;
  }
  return undefined;
}
