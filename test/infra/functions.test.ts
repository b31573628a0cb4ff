import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callTimes } from '#edge/call-deadline.ts';
import type { EndpointSpec } from '#edge/specs.ts';
import { slugOf, type Entry } from '#infra/inventory.ts';
import { parseConfig } from '#platform/config.ts';
import { bundleAll, createApp, Deployment, only, plantEndpoint, type Resource } from './deployment.ts';
import { breadthOf, reachOf, roleOf } from './reach.ts';

let deployment: Deployment;
let entries: Entry[];
let dispose: () => Promise<void>;

// The repository's own entries, and one that caches nothing and has a secret of its own.
beforeAll(async () => {
  const all = await bundleAll();
  dispose = all.dispose;
  const bundles = [
    ...all.bundles,
    plantEndpoint(all.bundles, 'openai/planted', { secret: 'other', deterministic: undefined }),
  ];
  entries = bundles.map(({ entry }) => entry);
  deployment = new Deployment(createApp(bundles));
}, 120_000);
afterAll(() => dispose());

/** The functions by their entry, which each of them is told. */
function lambdaOf({ name }: Entry): Resource {
  const found = lambdas().filter(({ Properties }) => Properties['Environment'].Variables.WEIR_ENTRY === name);
  return only(found, name);
}

function lambdas(): Resource[] {
  return deployment.ofType('AWS::Lambda::Function');
}

function endpoints(): (Entry & { spec: EndpointSpec })[] {
  return entries.filter((entry): entry is Entry & { spec: EndpointSpec } => entry.spec.kind === 'endpoint');
}

const on = (resource: string, ...actions: string[]) => actions.map((action) => `${action} ${resource}`);
const onTable = (table: string, ...actions: string[]) =>
  on(`table-${table}`, ...actions.map((action) => `dynamodb:${action}`));

/** What a spec implies, written down once more: nothing here is taken from the constructs. */
function implied({ name, spec }: Entry): string[] {
  const slug = slugOf(name);
  if (spec.kind !== 'endpoint') {
    return [
      ...on(`${slug}/Logs`, 'logs:CreateLogStream', 'logs:PutLogEvents'),
      ...(spec.reads.includes('ledger') ? onTable('ledger', 'Query') : []),
      ...(spec.reads.includes('callers') ? onTable('callers', 'GetItem') : []),
    ].sort();
  }
  return [
    ...on(`${slug}/Handler/Logs`, 'logs:CreateLogStream', 'logs:PutLogEvents'),
    ...(spec.deterministic ? onTable('cache', 'GetItem', 'BatchGetItem', 'PutItem', 'BatchWriteItem') : []),
    ...onTable('ledger', 'GetItem', 'PutItem'),
    ...onTable('budgets', 'GetItem', 'PutItem', 'UpdateItem'),
    ...on(`secret-${spec.secret}`, 'secretsmanager:GetSecretValue'),
    ...on(`${slug}/Queues/DeadLetters`, 'sqs:SendMessage'),
    ...on(`${slug}/Queues/Results`, 'sqs:SendMessage'),
    ...on(
      `${slug}/Queues/Work`,
      ...['ReceiveMessage', 'DeleteMessage', 'ChangeMessageVisibility', 'GetQueueAttributes', 'GetQueueUrl'].map(
        (action) => `sqs:${action}`,
      ),
    ),
  ].sort();
}

test('cdk-nag and CDK’s own rules find nothing', async () => {
  const text = await readFile(join(deployment.folder, 'validation-report.json'), 'utf8');
  expect(JSON.parse(text)).toMatchObject({ pluginReports: [] });
});

test('there is one function for each entry and no other', () => {
  const names = lambdas().map(({ Properties }) => Properties['Environment'].Variables.WEIR_ENTRY as string);
  expect(names.sort()).toEqual(entries.map(({ name }) => name).sort());
});

test('each function reaches exactly what its spec implies', () => {
  for (const entry of entries) expect(reachOf(deployment, lambdaOf(entry)), entry.name).toEqual(implied(entry));
});

test('no two functions share a role', () => {
  const roles = lambdas().map((lambda) => roleOf(deployment, lambda));
  expect(new Set(roles).size).toBe(lambdas().length);
});

test('no function reaches the queues, the log or the secret of another', () => {
  const own = (entry: Entry) =>
    reachOf(deployment, lambdaOf(entry))
      .map((permission) => permission.replace(/^.* /, ''))
      .filter((resource) => resource.includes('/'));
  for (const entry of entries) {
    const others = own(entry).filter((resource) => !resource.startsWith(`${slugOf(entry.name)}/`));
    expect(others, entry.name).toEqual([]);
    const secrets = reachOf(deployment, lambdaOf(entry)).filter((permission) =>
      permission.startsWith('secretsmanager'),
    );
    const ownSecrets =
      entry.spec.kind === 'endpoint' ? on(`secret-${entry.spec.secret}`, 'secretsmanager:GetSecretValue') : [];
    expect(secrets, entry.name).toEqual(ownSecrets);
  }
});

test('no role bears a wildcard or a policy of AWS, but the one with which API Gateway writes logs', () => {
  const broad = deployment
    .ofType('AWS::IAM::Role')
    .flatMap((role) => breadthOf(deployment, role).map((part) => [role.path, part]));
  expect(broad).toEqual([
    ['Gateway/Api/CloudWatchRole', 'arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs'],
  ]);
});

test('nobody but API Gateway may invoke a function', () => {
  const principals = deployment.ofType('AWS::Lambda::Permission').map(({ Properties }) => Properties['Principal']);
  expect(new Set(principals)).toEqual(new Set(['apigateway.amazonaws.com']));
});

test('each function has its own log group, which forgets', () => {
  const groups = lambdas().map(({ stack, Properties }) =>
    deployment.target(stack, Properties['LoggingConfig'].LogGroup),
  );
  expect(new Set(groups).size).toBe(lambdas().length);
  for (const group of groups) expect(group.Properties['RetentionInDays'], group.path).toBe(30);
});

test('each function runs on arm64 with Node 24 and the memory of its spec', () => {
  for (const entry of entries) {
    expect(lambdaOf(entry).Properties, entry.name).toMatchObject({
      Architectures: ['arm64'],
      Runtime: 'nodejs24.x',
      MemorySize: entry.spec.memoryMb,
    });
  }
});

test('Lambda lets an endpoint use all of its time, and then settle', () => {
  for (const entry of endpoints()) {
    const lambdaMs = 1000 * (lambdaOf(entry).Properties['Timeout'] as number);
    const { timeoutMs } = entry.spec.limits;
    const until = (remainingMs: number) => {
      const context = { awsRequestId: '', getRemainingTimeInMillis: () => remainingMs };
      return callTimes({ nowMs: 0, context, timeoutMs }).workUntilMs;
    };
    const reserveMs = timeoutMs - until(Infinity);
    expect(until(lambdaMs), entry.name).toBe(until(Infinity));
    expect(reserveMs).toBeGreaterThan(0);
    expect(lambdaMs - timeoutMs, entry.name).toBeGreaterThanOrEqual(reserveMs);
  }
});

test('Lambda lets every other function use all of its time', () => {
  for (const entry of entries) {
    if (entry.spec.kind === 'endpoint') continue;
    expect(1000 * (lambdaOf(entry).Properties['Timeout'] as number)).toBeGreaterThanOrEqual(entry.spec.timeoutMs);
  }
});

test('each function is told what it uses and no more, and understands it', () => {
  for (const entry of entries) {
    const { stack, Properties } = lambdaOf(entry);
    const variables = Object.entries(Properties['Environment'].Variables as Record<string, unknown>);
    const environment = Object.fromEntries(variables.map(([name, value]) => [name, deployment.text(stack, value)]));
    expect(Object.keys(environment).sort(), entry.name).toEqual(expectedVariables(entry));
    const config = parseConfig(environment);
    expect(config.entry).toBe(entry.name);
    if (entry.spec.kind !== 'endpoint') continue;
    const queue = `https://sqs.eu-central-1.amazonaws.com/111122223333/${slugOf(entry.name)}/Queues`;
    expect(config.openaiSecretId).toBe(`weir/prod/${entry.spec.secret}`);
    expect(config.queue).toEqual({
      url: `${queue}/Work`,
      deadLetterUrl: `${queue}/DeadLetters`,
      maxReceives: 3,
      resultUrls: { [`${entry.name}-results`]: `${queue}/Results` },
    });
    expect(config.tables).toMatchObject({ ledger: 'table-ledger', budgets: 'table-budgets' });
  }
});

function expectedVariables({ spec }: Entry): string[] {
  if (spec.kind !== 'endpoint')
    return ['WEIR_ENTRY', ...spec.reads.map((table) => `WEIR_${table.toUpperCase()}_TABLE`)].sort();
  const ownQueues = ['WEIR_QUEUE_URL', 'WEIR_DEAD_LETTER_QUEUE_URL', 'WEIR_MAX_RECEIVES', 'WEIR_RESULT_QUEUES'];
  const tables = ['WEIR_BUDGETS_TABLE', 'WEIR_LEDGER_TABLE', ...(spec.deterministic ? ['WEIR_CACHE_TABLE'] : [])];
  return ['WEIR_ENTRY', 'WEIR_OPENAI_SECRET_ID', ...ownQueues, ...tables].sort();
}

test('P1 each endpoint works on its own queue, and SQS moves a message only after the function failed to bury it', () => {
  for (const entry of endpoints()) {
    const lambda = lambdaOf(entry);
    const sources = deployment
      .ofType('AWS::Lambda::EventSourceMapping')
      .filter(({ stack, Properties }) => deployment.target(stack, Properties['FunctionName']) === lambda);
    const source = only(sources, `event sources of ${entry.name}`).Properties;
    expect(source).toMatchObject({
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 5 },
    });
    const queue = deployment.target(lambda.stack, source['EventSourceArn']);
    expect(queue.path).toBe(`${slugOf(entry.name)}/Queues/Work`);
    expect(queue.Properties['VisibilityTimeout']).toBeGreaterThanOrEqual(6 * (lambda.Properties['Timeout'] as number));

    const { deadLetterTargetArn, maxReceiveCount } = queue.Properties['RedrivePolicy'];
    expect(deployment.target(queue.stack, deadLetterTargetArn).path).toBe(`${slugOf(entry.name)}/Queues/DeadLetters`);
    const { WEIR_MAX_RECEIVES: maxReceives } = lambda.Properties['Environment'].Variables;
    expect(maxReceiveCount).toBeGreaterThan(Number(maxReceives));
  }
});

test('every queue is encrypted, refuses plain HTTP, lets in nobody by its own policy, and forgets', () => {
  const queues = deployment.ofType('AWS::SQS::Queue');
  const policies = deployment.ofType('AWS::SQS::QueuePolicy');
  expect(queues).toHaveLength(3 * endpoints().length);
  for (const queue of queues) {
    expect(queue.Properties).toMatchObject({ SqsManagedSseEnabled: true });
    expect(queue.Properties['MessageRetentionPeriod'], queue.path).toBeLessThanOrEqual(14 * 86_400);
    const own = policies.filter(({ stack, Properties }) => deployment.target(stack, Properties['Queues'][0]) === queue);
    const statements = own.flatMap(({ Properties }) => Properties['PolicyDocument'].Statement as unknown[]);
    expect(statements).toMatchObject([{ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }]);
  }
});

test('every endpoint is watched: failures, latency, crashes, throttles, dead letters, budget, upstream', () => {
  const alarms = deployment.ofType('AWS::CloudWatch::Alarm').map(({ path }) => path);
  const kinds = ['Failures', 'Latency', 'Crashes', 'Throttles', 'DeadLetters', 'Budget', 'Upstream'];
  for (const { name } of endpoints()) {
    const own = alarms.filter((path) => path.startsWith(`${slugOf(name)}/Alarms/`));
    expect(own).toEqual(kinds.map((kind) => `${slugOf(name)}/Alarms/${kind}`));
  }
  expect(alarms).toContain('Alarms/Authorizer');
});

test('what a log line says by `alarm` is counted from the function’s own log', () => {
  for (const { name } of endpoints()) {
    const slug = slugOf(name);
    const patternOf = (kind: string) => {
      const { stack, Properties } = deployment.at(`${slug}/Alarms/${kind}Lines`, 'AWS::Logs::MetricFilter');
      expect(deployment.target(stack, Properties['LogGroupName']).path).toBe(`${slug}/Handler/Logs`);
      return Properties['FilterPattern'] as string;
    };
    expect(patternOf('Budget')).toBe(
      '{ ($.alarm = "over-hold") || ($.alarm = "settlement") || ($.alarm = "budget-unavailable") || ($.alarm = "unpriced") }',
    );
    expect(patternOf('Upstream')).toBe('{ ($.alarm = "upstream-*") || ($.alarm = "key-*") }');
  }
});

test('the dashboard has a row for each endpoint', () => {
  const { stack, Properties } = only(deployment.ofType('AWS::CloudWatch::Dashboard'), 'dashboards');
  const text = deployment.text(stack, Properties['DashboardBody']);
  const { widgets } = JSON.parse(text) as { widgets: { type: string; properties: { markdown?: string } }[] };
  const rows = widgets.flatMap(({ properties }) => /^## (.+)\n/.exec(properties.markdown ?? '')?.[1] ?? []);
  expect(rows.sort()).toEqual(
    endpoints()
      .map(({ name }) => name)
      .sort(),
  );
});
