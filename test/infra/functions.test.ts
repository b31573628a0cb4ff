import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { callTimes } from '#edge/call-deadline.ts';
import type { EndpointSpec, Readable } from '#edge/specs.ts';
import { slugOf, type Entry } from '#infra/inventory.ts';
import { parseConfig } from '#platform/config.ts';
import {
  bundleAll,
  createApp,
  Deployment,
  only,
  plantCompatible,
  plantEndpoint,
  plantRoute,
  plantSchedule,
  type Resource,
} from './deployment.ts';
import { implied, isTimed, notifies, writesOf } from './implied.ts';
import { breadthOf, reachOf, roleOf } from './reach.ts';

let deployment: Deployment;
let entries: Entry[];

// The repository's own entries, one that caches nothing and has a secret of its own, some that stream, with a queue and without, and
// one for each way to a table.
beforeAll(async () => {
  const all = await bundleAll();
  const bundles = [
    ...all.bundles,
    plantEndpoint(all.bundles, 'openai/planted', { secret: 'other', deterministic: undefined }),
    plantEndpoint(all.bundles, 'planted-stream', { stream: { timeoutMs: 120_000 } }),
    plantCompatible(all.bundles, 'openai/planted-stream'),
    plantCompatible(all.bundles, 'openai/planted-cache', { deterministic: { ttlSeconds: 60 } }),
    plantRoute(all.bundles, 'finance/planted-get', { method: 'GET', path: '/v1/planted/{id}', reads: ['budgets'] }),
    plantRoute(all.bundles, 'finance/planted-put', {
      method: 'PUT',
      path: '/v1/planted/{id}',
      reads: ['callers'],
      writes: ['budgets'],
    }),
    plantSchedule(all.bundles, 'finance/planted-sweep', {
      reads: ['ledger', 'budgets'],
      writes: ['ledger', 'budgets'],
      notifies: true,
    }),
    plantSchedule(all.bundles, 'finance/planted-close', { everyMinutes: 1440, writes: ['ledger'] }),
  ];
  entries = bundles.map(({ entry }) => entry);
  deployment = new Deployment(createApp(bundles));
}, 120_000);

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
      // What it may ask of API Gateway's control plane stands above.
      .filter((resource) => resource.includes('/') && !resource.startsWith('arn:aws:apigateway:'));
  for (const entry of entries) {
    const others = own(entry).filter((resource) => !resource.startsWith(`${slugOf(entry.name)}/`));
    expect(others, entry.name).toEqual([]);
    const secrets = reachOf(deployment, lambdaOf(entry)).filter((permission) =>
      permission.startsWith('secretsmanager'),
    );
    const { spec } = entry;
    // What rotation writes beside, where projects are told, stands in rotation.test.ts.
    const ownSecret = { endpoint: 'secret' in spec ? spec.secret : '', rotation: 'openai-admin' };
    const ownSecrets =
      spec.kind === 'endpoint' || spec.kind === 'rotation'
        ? [`secretsmanager:GetSecretValue secret-${ownSecret[spec.kind]}`]
        : [];
    expect(secrets, entry.name).toEqual(ownSecrets);
  }
});

test('no role bears a wildcard or a policy of AWS, but those that AWS demands, here named', () => {
  const broad = deployment
    .ofType('AWS::IAM::Role')
    .flatMap((role) => breadthOf(deployment, role).map((part) => [role.path, part]));
  expect(broad).toEqual([
    ['Gateway/Api/CloudWatchRole', 'arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs'],
    // API Gateway gives its keys ids of its own, which nobody knows before.
    ['security-revoke-caller/Role', 'arn:aws:apigateway:eu-central-1::/apikeys/*'],
  ]);
});

test('a schedule is invoked by its own rule and nobody else, every other function by API Gateway', () => {
  const allowed = (lambda: Resource) =>
    deployment
      .ofType('AWS::Lambda::Permission')
      .filter(({ stack, Properties }) => deployment.target(stack, Properties['FunctionName']) === lambda);
  for (const entry of entries) {
    const permissions = allowed(lambdaOf(entry));
    expect(permissions.length, entry.name).toBeGreaterThan(0);
    for (const { stack, Properties } of permissions) {
      const own = isTimed(entry.spec) ? 'events.amazonaws.com' : 'apigateway.amazonaws.com';
      expect(Properties, entry.name).toMatchObject({ Action: 'lambda:InvokeFunction', Principal: own });
      const source = Properties['SourceArn'] as unknown;
      if (isTimed(entry.spec)) {
        expect(deployment.target(stack, source).path).toBe(`${slugOf(entry.name)}/Rule`);
      } else expect(deployment.text(stack, source)).toContain(':execute-api:');
    }
  }
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

test('Lambda lets an endpoint use all of its time, plain and streamed, and then settle', () => {
  for (const [entry, timeoutMs] of timeouts()) {
    const lambdaMs = 1000 * (lambdaOf(entry).Properties['Timeout'] as number);
    const until = (remainingMs: number) => {
      const context = { awsRequestId: '', getRemainingTimeInMillis: () => remainingMs };
      return callTimes({ nowMs: 0, context, timeoutMs }).workUntilMs;
    };
    const reserveMs = timeoutMs - until(Infinity);
    expect(until(lambdaMs), entry.name).toBe(until(Infinity));
    expect(reserveMs).toBeGreaterThan(0);
    expect(lambdaMs - timeoutMs, entry.name).toBeGreaterThanOrEqual(reserveMs);
    expect(lambdaMs, entry.name).toBeLessThanOrEqual(900_000);
  }
});

/** Every time limit of every endpoint. */
function timeouts(): [Entry, number][] {
  return endpoints().flatMap((entry) => {
    const { limits, stream } = entry.spec;
    return [limits, ...(stream ? [stream] : [])].map(({ timeoutMs }): [Entry, number] => [entry, timeoutMs]);
  });
}

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
    for (const table of tablesOf(entry)) expect(config.tables[table], entry.name).toBe(`table-${table}`);
    expect(config.noticeTopicArn).toBe(notifies(entry.spec) ? 'Notices' : undefined);
    if (entry.spec.kind !== 'endpoint') continue;
    expect(config.openaiSecretId).toBe(`weir/prod/${entry.spec.secret}`);
    const queue = `https://sqs.eu-central-1.amazonaws.com/111122223333/${slugOf(entry.name)}/Queues`;
    expect(config.queue).toEqual({
      url: entry.spec.hasQueue ? `${queue}/Work` : undefined,
      deadLetterUrl: entry.spec.hasQueue ? `${queue}/DeadLetters` : undefined,
      maxReceives: 3,
      resultUrls: entry.spec.hasQueue ? { [`${entry.name}-results`]: `${queue}/Results` } : {},
    });
  }
});

function tablesOf({ spec }: Entry): (Readable | 'cache' | 'jobs')[] {
  if (spec.kind !== 'endpoint') return [...new Set([...spec.reads, ...writesOf(spec)])];
  const caches = spec.deterministic !== undefined || spec.cachesOnRequest;
  return ['ledger', 'budgets', 'jobs', ...(caches ? (['cache'] as const) : [])];
}

function expectedVariables(entry: Entry): string[] {
  const ownQueues = ['WEIR_QUEUE_URL', 'WEIR_DEAD_LETTER_QUEUE_URL', 'WEIR_MAX_RECEIVES', 'WEIR_RESULT_QUEUES'];
  return [
    'WEIR_ENTRY',
    ...tablesOf(entry).map((table) => `WEIR_${table.toUpperCase()}_TABLE`),
    ...(entry.spec.kind === 'endpoint' ? ['WEIR_OPENAI_SECRET_ID', ...(entry.spec.hasQueue ? ownQueues : [])] : []),
    ...(tablesOf(entry).includes('callers') ? ['WEIR_API_ID'] : []),
    ...(notifies(entry.spec) ? ['WEIR_NOTICE_TOPIC_ARN'] : []),
    ...(entry.spec.kind === 'rotation' ? ['WEIR_OPENAI_ADMIN_SECRET_ID', 'WEIR_ROTATED_SECRETS'] : []),
  ].sort();
}

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
