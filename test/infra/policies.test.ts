import { beforeAll, describe, expect, test } from 'vitest';
import type { Entry } from '#infra/inventory.ts';
import { bundleAll, createApp, Deployment, only, plantEndpoint, type Resource } from './deployment.ts';
import { implied, type Chosen } from './implied.ts';
import { listOf, policiesOf, reachOf, roleOf, type PolicyStatement } from './reach.ts';

interface Configuration extends Chosen {
  readonly name: string;
  readonly context: Readonly<Record<string, string>>;
}

/** One endpoint has a secret of its own, the others share one; what is chosen for both. */
const CONFIGURATIONS: readonly Configuration[] = [
  { name: 'as it comes', context: {} },
  { name: 'one secret rotated', context: { openaiProjects: 'openai=proj_one' }, rotated: ['openai'] },
  {
    name: 'both rotated, with notices and alarms',
    context: {
      openaiProjects: 'openai=proj_one,own=proj_two',
      noticeEmail: 'finance@example.com',
      alarmTopicArn: 'arn:aws:sns:eu-central-1:111122223333:on-call',
    },
    rotated: ['openai', 'own'],
  },
  { name: 'all keyless', context: { workloadIdentities: 'openai=a/b,own=c/d' }, keyless: ['openai', 'own'] },
  {
    name: 'one keyless, the other rotated',
    context: { workloadIdentities: 'own=c/d', openaiProjects: 'openai=proj_one' },
    rotated: ['openai'],
    keyless: ['own'],
  },
];

/** All that may bear a `*`, and why. */
const WILDCARDS: Readonly<Record<string, string>> = {
  'Deny sqs:* by *': 'Whoever asks for whatever over plain HTTP is refused.',
  'Deny sns:Publish by *': 'The same of notices.',
  'Allow apigateway:DELETE on *': 'API Gateway gives a key its id when a caller is made; it opens nothing but a rate.',
  'Allow execute-api:Invoke on *': 'A parameter of a route, such as the id of a caller: administrators manage all.',
  'Allow sts:GetWebIdentityToken on *': 'The action takes no resource; audience, algorithm and duration bind it.',
};
/** AWS's own policies, and why. */
const MANAGED: Readonly<Record<string, string>> = {
  'arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs':
    'The account’s one role with which API Gateway writes logs, and AWS wrote its policy for just that.',
};
/** Every kind of resource that may stand in a template: one that holds content or grants anything is looked at below. */
const KNOWN_TYPES =
  /^AWS::(ApiGateway::(ApiKey|RestApi|Account|Authorizer|Deployment|GatewayResponse|Method|RequestValidator|Resource|Stage|UsagePlan|UsagePlanKey)|CloudWatch::(Alarm|Dashboard)|DynamoDB::Table|Events::Rule|IAM::(ManagedPolicy|Policy|Role)|Lambda::(EventInvokeConfig|EventSourceMapping|Function|Permission)|Logs::(LogGroup|MetricFilter)|SecretsManager::(RotationSchedule|Secret)|SNS::(Subscription|Topic|TopicPolicy)|SQS::(Queue|QueuePolicy))$/;

let entries: Entry[];
let deployments: ReadonlyMap<string, Deployment>;

beforeAll(async () => {
  const all = await bundleAll();
  const bundles = [...all.bundles, plantEndpoint(all.bundles, 'planted', { secret: 'own' })];
  entries = bundles.map(({ entry }) => entry);
  deployments = new Map(
    CONFIGURATIONS.map(({ name, context }) => [name, new Deployment(createApp(bundles, { context }))]),
  );
}, 240_000);

describe.each(CONFIGURATIONS)('every policy of the whole app, $name:', ({ name, rotated = [], keyless = [] }) => {
  const deployment = () => deployments.get(name) as Deployment;
  const lambdas = () => deployment().ofType('AWS::Lambda::Function');
  const entryOf = ({ Properties }: Resource) =>
    entries.find((entry) => entry.name === Properties['Environment'].Variables.WEIR_ENTRY) as Entry;
  const all = () => policiesOf(deployment());

  test('no kind of resource stands there that nobody has looked at', () => {
    const types = new Set(deployment().resources.map(({ Type }) => Type));
    expect([...types].filter((type) => !KNOWN_TYPES.test(type))).toEqual([]);
  });

  test('no statement says what it does not mean, or lets everybody in', () => {
    expect(all().length).toBeGreaterThan(100);
    for (const { resource, statement } of all()) {
      expect(Object.keys(statement), resource.path).not.toContain('NotAction');
      expect(Object.keys(statement), resource.path).not.toContain('NotResource');
      expect(Object.keys(statement), resource.path).not.toContain('NotPrincipal');
      expect(['Allow', 'Deny']).toContain(statement.Effect);
      if (statement.Effect === 'Allow')
        expect(JSON.stringify(statement.Principal ?? {}), resource.path).not.toContain('*');
    }
  });

  test('every wildcard is one that the service demands, by name', () => {
    const found = new Set(all().flatMap(({ statement }) => wildcardsOf(statement)));
    const expected = Object.keys(WILDCARDS).filter((wildcard) => keyless.length > 0 || !wildcard.includes('sts:'));
    expect([...found].sort()).toEqual(expected.sort());
  });

  test('roles have policies of their own and none of AWS’s but the named; no policy is shared', () => {
    const roles = deployment().ofType('AWS::IAM::Role');
    const managed = roles.flatMap(({ stack, Properties }) =>
      listOf(Properties['ManagedPolicyArns'] ?? []).map((arn) => deployment().text(stack, arn)),
    );
    expect(managed).toEqual(Object.keys(MANAGED));
    for (const { path, Properties } of deployment().ofType('AWS::IAM::Policy')) {
      expect(Properties['Roles'], path).toHaveLength(1);
      expect([Properties['Users'], Properties['Groups']], path).toEqual([undefined, undefined]);
    }
  });

  test('a role is assumed by Lambda and has one function, but for the one of API Gateway’s log', () => {
    const owners = lambdas().map((lambda) => roleOf(deployment(), lambda));
    expect(new Set(owners).size).toBe(lambdas().length);
    for (const role of deployment().ofType('AWS::IAM::Role')) {
      const service = owners.includes(role) ? 'lambda.amazonaws.com' : 'apigateway.amazonaws.com';
      const trust = listOf(role.Properties['AssumeRolePolicyDocument'].Statement);
      expect(trust, role.path).toEqual([
        { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: service } },
      ]);
    }
    expect(deployment().ofType('AWS::IAM::Role')).toHaveLength(lambdas().length + 1);
  });

  test('each function reaches exactly what its spec and the choice imply: tables, action by action, queues, log, key', () => {
    for (const lambda of lambdas()) {
      const entry = entryOf(lambda);
      expect(reachOf(deployment(), lambda), entry.name).toEqual(implied(entry, { rotated, keyless }));
    }
  });

  test('a secret is readable by the endpoints whose spec names it, by rotation where it is rotated, and by nobody else', () => {
    const secrets = deployment().ofType('AWS::SecretsManager::Secret');
    const wanted = ['own', 'openai'].filter((secret) => !keyless.includes(secret));
    expect(secrets.map(({ path }) => path).sort()).toEqual(
      ['openai-admin', ...wanted].map((id) => `secret-${id}`).sort(),
    );
    for (const secret of secrets) {
      const readers = new Set(
        all().flatMap(({ resource, statement }) =>
          reaches(deployment(), resource, statement, secret) ? [resource] : [],
        ),
      );
      const expected = lambdas().filter((lambda) => mayRead(entryOf(lambda), secret.path.slice('secret-'.length)));
      const roles = expected.map((lambda) => roleOf(deployment(), lambda));
      const owners = [...readers].map(({ stack, Properties }) =>
        deployment().target(stack, only(Properties['Roles'], 'roles')),
      );
      expect(owners.map(({ path }) => path).sort(), secret.path).toEqual(roles.map(({ path }) => path).sort());
    }
  });

  function mayRead({ spec }: Entry, secret: string): boolean {
    if (spec.kind === 'rotation') return secret === 'openai-admin' || rotated.includes(secret);
    return spec.kind === 'endpoint' && spec.secret === secret;
  }

  test('a function is invoked by a service of AWS for one thing of this deployment, and has no URL of its own', () => {
    for (const { stack, path, Properties } of deployment().ofType('AWS::Lambda::Permission')) {
      expect(Properties['Action'], path).toBe('lambda:InvokeFunction');
      expect(['apigateway', 'events', 'secretsmanager'].map((service) => `${service}.amazonaws.com`)).toContain(
        Properties['Principal'],
      );
      const source = Properties['SourceArn'] as unknown;
      expect(source, path).toBeDefined();
      if (Properties['Principal'] !== 'apigateway.amazonaws.com') {
        expect(deployment().target(stack, source).Type, path).toMatch(/^AWS::(Events::Rule|SecretsManager::Secret)$/);
        continue;
      }
      // One method of one path; a star stands for a parameter of the path, and is no stage, no method and no account.
      const arn = deployment().text(stack, source);
      expect(arn, path).toMatch(
        /^arn:aws:execute-api:eu-central-1:111122223333:[^*]+\/([^*/]+\/(GET|POST|PUT|DELETE)\/.+|authorizers\/[^*]+)$/,
      );
    }
  });

  test('what holds content is encrypted, over TLS alone, and forgets; what holds money’s trace can be restored', () => {
    for (const { path, Properties } of deployment().ofType('AWS::DynamoDB::Table')) {
      expect(Properties['SSESpecification'], path).toMatchObject({ SSEEnabled: true });
      const isContent = ['table-cache', 'table-jobs'].includes(path);
      if (isContent) expect(Properties['TimeToLiveSpecification'], path).toMatchObject({ Enabled: true });
      else {
        expect(Properties['PointInTimeRecoverySpecification'], path).toEqual({ PointInTimeRecoveryEnabled: true });
        expect(Properties['DeletionProtectionEnabled'], path).toBe(true);
      }
    }
    for (const queue of deployment().ofType('AWS::SQS::Queue')) {
      expect(queue.Properties, queue.path).toMatchObject({ SqsManagedSseEnabled: true });
      expect(queue.Properties['MessageRetentionPeriod'], queue.path).toBeLessThanOrEqual(14 * 86_400);
      expect(refusesPlainHttp(deployment(), queue), queue.path).toBe(true);
    }
    for (const topic of deployment().ofType('AWS::SNS::Topic')) {
      expect(topic.Properties['KmsMasterKeyId'], topic.path).toBeDefined();
      expect(refusesPlainHttp(deployment(), topic), topic.path).toBe(true);
    }
    for (const { path, Properties } of deployment().ofType('AWS::Logs::LogGroup')) {
      expect(Properties['RetentionInDays'], path).toBeLessThanOrEqual(90);
    }
    for (const { path, Properties, DeletionPolicy } of deployment().ofType('AWS::SecretsManager::Secret')) {
      // Secrets Manager encrypts all; without a value nothing is in the template.
      expect([Properties['SecretString'], Properties['GenerateSecretString']], path).toEqual([undefined, undefined]);
      expect(DeletionPolicy, path).toBe('RetainExceptOnCreate');
    }
  });
});

/** What bears a `*` in a statement: `Deny sqs:* by *`, `Allow sts:GetWebIdentityToken on *`. */
function wildcardsOf({
  Effect: effect,
  Action: actions,
  Resource: resources,
  Principal: principal,
}: PolicyStatement): string[] {
  const isBroad = (part: unknown) => part !== undefined && JSON.stringify(part).includes('*');
  if (![actions, resources, principal].some(isBroad)) return [];
  const where = `${isBroad(resources) ? ' on *' : ''}${isBroad(principal) ? ' by *' : ''}`;
  return listOf(actions).map((action) => `${effect} ${String(action)}${where}`);
}

/** Whether a statement allows anything of a secret, by itself, or by a pattern that it would fit. */
function reaches(
  deployment: Deployment,
  at: Resource,
  { Effect, Action, Resource: resources }: PolicyStatement,
  to: Resource,
) {
  if (Effect !== 'Allow' || !listOf(Action).some((action) => /^(\*|secretsmanager:)/.test(String(action))))
    return false;
  return listOf(resources).some((each) => typeof each === 'string' || deployment.target(at.stack, each) === to);
}

function refusesPlainHttp(deployment: Deployment, store: Resource): boolean {
  return policiesOf(deployment).some(
    ({ resource, statement }) =>
      resource.Type.endsWith('Policy') &&
      statement.Effect === 'Deny' &&
      JSON.stringify(statement.Condition) === '{"Bool":{"aws:SecureTransport":"false"}}' &&
      listOf(resource.Properties['Queues'] ?? resource.Properties['Topics']).some(
        (each) => deployment.target(resource.stack, each) === store,
      ),
  );
}
