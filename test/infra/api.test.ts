import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { APIError, InternalServerError } from 'openai';
import { beforeAll, expect, test } from 'vitest';
import { toProblem } from '#edge/problem.ts';
import type { AuthorizerSpec } from '#edge/specs.ts';
import type { Entry } from '#infra/inventory.ts';
import { readOutputs } from '#infra/outputs.ts';
import { Unauthenticated } from '#platform/errors.ts';
import { routesOf } from './deployed-routes.ts';
import { bundleAll, createApp, Deployment, only, type Resource } from './deployment.ts';

/** The only routes that ask for no key. */
const PUBLIC_ROUTES = ['GET /docs', 'GET /docs/{asset}', 'GET /health', 'GET /openapi.json'];

let deployment: Deployment;
let entries: Entry[];

beforeAll(async () => {
  const all = await bundleAll();
  entries = all.bundles.map(({ entry }) => entry);
  deployment = new Deployment(createApp(all.bundles));
}, 120_000);

function theOnly(type: string): Resource {
  return only(deployment.ofType(type), type);
}

function answer(type: string): Resource['Properties'] {
  const found = deployment.ofType('AWS::ApiGateway::GatewayResponse');
  return found.find(({ Properties }) => Properties['ResponseType'] === type)!.Properties;
}

test('A1 every route but the named ones asks for a proof: administrators’ for IAM’s, the others for a key', () => {
  const open = [...routesOf(deployment)].filter(([, { Properties }]) => Properties['AuthorizationType'] === 'NONE');
  expect(open.map(([route]) => route).sort()).toEqual(PUBLIC_ROUTES);

  const authorizer = theOnly('AWS::ApiGateway::Authorizer');
  for (const [route, { stack, Properties }] of routesOf(deployment)) {
    if (PUBLIC_ROUTES.includes(route)) continue;
    const isForAdministrators = /^\w+ \/v1\/(callers|budgets|audit)(\/|$)/.test(route);
    expect([route, Properties['AuthorizationType']]).toEqual([route, isForAdministrators ? 'AWS_IAM' : 'CUSTOM']);
    if (isForAdministrators) expect(Properties['AuthorizerId'], route).toBeUndefined();
    else expect(deployment.target(stack, Properties['AuthorizerId'])).toBe(authorizer);
  }
});

test('A1 one policy, of this stage and region, lets IAM’s principals ask exactly the routes that IAM guards', () => {
  const { stack, Properties } = theOnly('AWS::IAM::ManagedPolicy');
  expect(deployment.text(stack, Properties['ManagedPolicyName'])).toBe('weir-prod-administrators-eu-central-1');
  const [statement, ...others] = Properties['PolicyDocument'].Statement as {
    Effect: string;
    Action: string;
    Resource: unknown[];
  }[];
  expect([statement?.Effect, statement?.Action, others]).toEqual(['Allow', 'execute-api:Invoke', []]);
  const guarded = [...routesOf(deployment)].filter(
    ([, method]) => method.Properties['AuthorizationType'] === 'AWS_IAM',
  );
  const stage = 'arn:aws:execute-api:eu-central-1:111122223333:Gateway/Api/Gateway/Api/DeploymentStage.prod';
  expect(statement?.Resource.map((arn) => deployment.text(stack, arn)).sort()).toEqual(
    guarded.map(([route]) => `${stage}/${route.replace(' ', '').replaceAll(/\{\w+\}/g, '*')}`).sort(),
  );
  // Nobody is one by a deployment alone.
  for (const attached of ['Users', 'Groups', 'Roles']) expect(Properties[attached]).toBeUndefined();
});

test('the authorizer reads the Authorization header, and its decisions hold as long as its spec says', () => {
  const { spec } = entries.find(
    (entry): entry is Entry & { spec: AuthorizerSpec } => entry.spec.kind === 'authorizer',
  )!;
  expect(theOnly('AWS::ApiGateway::Authorizer').Properties).toMatchObject({
    Type: 'TOKEN',
    IdentitySource: 'method.request.header.Authorization',
    AuthorizerResultTtlInSeconds: spec.cacheSeconds,
  });
});

test('A6 what API Gateway answers by itself is a problem document like those of the functions', () => {
  const own = toProblem(new Unauthenticated(), '$context.requestId');
  const members = Object.keys(JSON.parse(own.body) as object);
  const statuses = {
    UNAUTHORIZED: 401,
    ACCESS_DENIED: 403,
    MISSING_AUTHENTICATION_TOKEN: 404,
    REQUEST_TOO_LARGE: 413,
    UNSUPPORTED_MEDIA_TYPE: 415,
    THROTTLED: 429,
    INTEGRATION_FAILURE: 503,
    INTEGRATION_TIMEOUT: 504,
    DEFAULT_4XX: 400,
    DEFAULT_5XX: 500,
  };
  for (const [type, status] of Object.entries(statuses)) {
    const { StatusCode, ResponseParameters } = answer(type);
    const problem = problemOf(type);
    expect(StatusCode, type).toBe(String(status));
    expect(problem, type).toMatchObject({ status, requestId: '$context.requestId' });
    expect(Object.keys(problem), type).toEqual(expect.arrayContaining(members));
    expect(ResponseParameters['gatewayresponse.header.content-type']).toBe("'application/problem+json'");
  }
  const { error, ...problem } = problemOf('UNAUTHORIZED');
  expect(problem).toEqual(JSON.parse(own.body));
  expect(error).toEqual({
    message: problem['detail'],
    type: 'invalid_request_error',
    param: null,
    code: 'unauthenticated',
  });
});

test('what API Gateway answers by itself bears an error that OpenAI’s own SDK understands', () => {
  for (const { Properties } of deployment.ofType('AWS::ApiGateway::GatewayResponse')) {
    const { error, status, code, detail } = problemOf(Properties['ResponseType'] as string);
    const type = (status as number) < 500 ? 'invalid_request_error' : 'server_error';
    expect(error, Properties['ResponseType']).toEqual({ message: detail, type, param: null, code });
  }
  const unavailable = problemOf('INTEGRATION_FAILURE');
  const raised = APIError.generate(503, unavailable, undefined, new Headers());
  expect(raised).toBeInstanceOf(InternalServerError);
  expect([raised.message, raised.code, raised.type]).toEqual([
    `503 ${unavailable['detail'] as string}`,
    'unavailable',
    'server_error',
  ]);
});

function problemOf(type: string): Record<string, unknown> {
  return JSON.parse(answer(type)['ResponseTemplates']['application/json'] as string) as Record<string, unknown>;
}

test('a throttled caller is told when to come back, one that waited too long not to come back at once', () => {
  expect(answer('THROTTLED')['ResponseParameters']).toMatchObject({ 'gatewayresponse.header.retry-after': "'1'" });
  expect(answer('INTEGRATION_TIMEOUT')['ResponseParameters']).toMatchObject({
    'gatewayresponse.header.x-should-retry': "'false'",
  });
});

test('the API is regional, speaks TLS 1.2 at least, and hands on every body as the bytes that came', () => {
  expect(theOnly('AWS::ApiGateway::RestApi').Properties).toMatchObject({
    EndpointConfiguration: { Types: ['REGIONAL'] },
    SecurityPolicy: 'SecurityPolicy_TLS13_1_2_2021_06',
    BinaryMediaTypes: ['*/*'],
  });
});

test('the stage throttles, most of all what anybody may load, logs no data, and writes down nothing that the caller sent', () => {
  const { MethodSettings, AccessLogSetting } = theOnly('AWS::ApiGateway::Stage').Properties;
  const logging = { LoggingLevel: 'ERROR', DataTraceEnabled: false };
  expect(MethodSettings).toEqual([
    { HttpMethod: '*', ResourcePath: '/*', ...logging, ThrottlingRateLimit: 200, ThrottlingBurstLimit: 200 },
    // `/docs/{asset}`, as CloudFormation wants a slash written.
    {
      HttpMethod: 'GET',
      ResourcePath: '/~1docs~1{asset}',
      ...logging,
      ThrottlingRateLimit: 10,
      ThrottlingBurstLimit: 100,
    },
  ]);
  const line = JSON.parse(AccessLogSetting.Format as string) as Record<string, string>;
  // Headers and queries cannot be had at all in an access log; these could.
  for (const value of Object.values(line))
    expect(value).not.toMatch(/context\.(path|identity\.(?!userArn$)|authorizer\.claims)/);
});

test('both logs of the API forget', () => {
  const access = deployment.at('Gateway/AccessLog', 'AWS::Logs::LogGroup');
  const execution = deployment.at('Gateway/ExecutionLog', 'AWS::Logs::LogGroup');
  for (const { Properties } of [access, execution]) expect(Properties['RetentionInDays']).toBe(30);
  const stage = theOnly('AWS::ApiGateway::Stage');
  const name = deployment.text(stage.stack, execution.Properties['LogGroupName']);
  expect(name).toBe('API-Gateway-Execution-Logs_Gateway/Api/prod');
  // API Gateway would make it first, without an end.
  expect(stage.DependsOn).toContain(execution.id);
});

test('an authorizer that fails rings, a wrong key does not', () => {
  const { Properties } = deployment.at('Gateway/AuthorizerFailures', 'AWS::Logs::MetricFilter');
  expect(Properties['FilterPattern']).toBe(
    '{ ($.responseType = "AUTHORIZER_FAILURE") || ($.responseType = "AUTHORIZER_CONFIGURATION_ERROR") }',
  );
});

test('the command line can read the one output', async () => {
  const stack = 'weir-prod-api';
  const outputs = deployment.templates.get(stack)?.Outputs ?? {};
  expect(Object.keys(outputs).filter((name) => !name.startsWith('PublishOutput'))).toEqual(['Weir']);

  const folder = await mkdtemp(join(tmpdir(), 'weir-outputs-'));
  const file = join(folder, 'cdk-outputs.json');
  await writeFile(file, JSON.stringify({ [stack]: { Weir: deployment.text(stack, outputs['Weir']?.Value) } }));
  const read = await readOutputs(file);
  await rm(folder, { recursive: true });

  const queue = (name: string) => `https://sqs.eu-central-1.amazonaws.com/111122223333/${name}`;
  const endpoints = entries.filter(({ spec }) => spec.kind === 'endpoint' && spec.hasQueue).map(({ name }) => name);
  expect(read).toEqual({
    apiUrl: 'https://Gateway/Api.execute-api.eu-central-1.amazonaws.com/prod',
    region: 'eu-central-1',
    tables: {
      cache: 'table-cache',
      ledger: 'table-ledger',
      budgets: 'table-budgets',
      callers: 'table-callers',
      jobs: 'table-jobs',
    },
    secrets: { openai: 'weir/prod/openai' },
    rotation: { adminSecret: 'weir/prod/openai-admin', projects: {} },
    administratorsPolicy: 'Administrators/Policy',
    queues: Object.fromEntries(
      endpoints.map((name) => [
        name,
        { url: queue(`${name}/Queues/Work`), resultsUrl: queue(`${name}/Queues/Results`) },
      ]),
    ),
  });
});
