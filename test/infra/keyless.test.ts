import { readFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import type { EndpointSpec } from '#edge/specs.ts';
import type { Bundle } from '#infra/bundle/bundle-entries.ts';
import type { Entry } from '#infra/inventory.ts';
import { parseConfig } from '#platform/config.ts';
import { bundleAll, createApp, Deployment, only, plantEndpoint, type Resource } from './deployment.ts';
import { reachOf, statementsOf, roleOf } from './reach.ts';

/** A whole synth takes seconds, and minutes where the machine is busy with others. */
const SLOW = { timeout: 120_000 };

let bundles: Bundle[];
let deployment: Deployment;

// All but one endpoint are keyless; that one has a secret of its own, which is rotated.
beforeAll(async () => {
  const all = await bundleAll();
  bundles = [...all.bundles, plantEndpoint(all.bundles, 'planted', { secret: 'other' })];
  const context = { workloadIdentities: 'openai=idp_one/user-one', openaiProjects: 'other=proj_one' };
  deployment = new Deployment(createApp(bundles, { context }));
}, 120_000);

function endpoints(): (Entry & { spec: EndpointSpec })[] {
  const entries = bundles.map(({ entry }) => entry);
  return entries.filter((entry): entry is Entry & { spec: EndpointSpec } => entry.spec.kind === 'endpoint');
}

function lambdaOf({ name }: Entry): Resource {
  const lambdas = deployment.ofType('AWS::Lambda::Function');
  return only(
    lambdas.filter(({ Properties }) => Properties['Environment'].Variables.WEIR_ENTRY === name),
    name,
  );
}

function configOf(lambda: Resource) {
  const variables = Object.entries(lambda.Properties['Environment'].Variables as Record<string, unknown>);
  return parseConfig(
    Object.fromEntries(variables.map(([name, value]) => [name, deployment.text(lambda.stack, value)])),
  );
}

test('no secret is made for a keyless name, and no function of it can read any', () => {
  const names = deployment.ofType('AWS::SecretsManager::Secret').map(({ Properties }) => Properties['Name'] as string);
  expect(names.sort()).toEqual(['weir/prod/openai-admin', 'weir/prod/other']);
  for (const entry of endpoints()) {
    const own = reachOf(deployment, lambdaOf(entry)).filter((permission) => /^(secretsmanager|sts):/.test(permission));
    const key =
      entry.spec.secret === 'other' ? 'secretsmanager:GetSecretValue secret-other' : 'sts:GetWebIdentityToken *';
    expect(own, entry.name).toEqual([key]);
  }
});

test('a keyless function is told both ids, and understands them; another is not', () => {
  for (const entry of endpoints()) {
    const { workloadIdentity } = configOf(lambdaOf(entry));
    const identity = { identityProviderId: 'idp_one', serviceAccountId: 'user-one' };
    expect(workloadIdentity, entry.name).toEqual(entry.spec.secret === 'other' ? undefined : identity);
    expect(Object.keys(lambdaOf(entry).Properties['Environment'].Variables as object)).toContain(
      entry.spec.secret === 'other' ? 'WEIR_OPENAI_SECRET_ID' : 'WEIR_WORKLOAD_IDENTITY',
    );
  }
});

test('STS gives a proof for OpenAI alone, of five minutes, and only to endpoints', () => {
  const asking = deployment.ofType('AWS::Lambda::Function').flatMap((lambda) => {
    const statements = statementsOf(deployment, roleOf(deployment, lambda));
    return statements.filter(({ Action: action }) => JSON.stringify(action).includes('sts:'));
  });
  expect(asking).toHaveLength(endpoints().length - 1);
  for (const statement of asking) {
    expect(statement).toEqual({
      Effect: 'Allow',
      Action: 'sts:GetWebIdentityToken',
      Resource: '*',
      Condition: {
        'ForAllValues:StringEquals': { 'sts:IdentityTokenAudience': ['https://api.openai.com/v1'] },
        StringEquals: { 'sts:SigningAlgorithm': 'RS256' },
        NumericLessThanEquals: { 'sts:DurationSeconds': 300 },
      },
    });
  }
});

test('the command line is told which names have no key', () => {
  const outputs = [...deployment.templates].flatMap(([stack, { Outputs = {} }]) =>
    Outputs['Weir'] ? [deployment.text(stack, Outputs['Weir'].Value)] : [],
  );
  expect(JSON.parse(only(outputs, 'outputs'))).toMatchObject({
    keyless: ['openai'],
    secrets: { other: 'weir/prod/other' },
    rotation: { projects: { other: 'proj_one' } },
  });
});

test('a deployment that goes over to keyless leaves the secret to functions that still read it', SLOW, () => {
  const before = new Deployment(createApp(bundles));
  expect(before.at('secret-openai', 'AWS::SecretsManager::Secret').DeletionPolicy).toBe('RetainExceptOnCreate');
});

test('cdk-nag and CDK’s own rules find nothing', async () => {
  const text = await readFile(`${deployment.folder}/validation-report.json`, 'utf8');
  expect(JSON.parse(text)).toMatchObject({ pluginReports: [] });
});

test.each([
  'nothing=idp/user',
  'openai',
  'openai=idp',
  'openai=idp/user/more',
  'openai=idp/us er',
  'openai-admin=idp/user',
])('workloadIdentities %s is refused', (workloadIdentities) => {
  expect(() => createApp(bundles, { context: { workloadIdentities } })).toThrow(
    `workloadIdentities must be <secret>=<identity provider>/<service account> of openai, other, but '${workloadIdentities}' was provided`,
  );
});

test.each([
  [
    { workloadIdentities: 'openai=a/b,openai=c/d' },
    'workloadIdentities must name a secret once, but openai stands there again',
  ],
  [
    { openaiProjects: 'openai=proj_a,openai=proj_b' },
    'openaiProjects must name a secret once, but openai stands there again',
  ],
  [
    { workloadIdentities: 'openai=a/b', openaiProjects: 'other=proj_a,openai=proj_b' },
    'openai is keyless by workloadIdentities, so openaiProjects must not name it',
  ],
])('%j is refused', (context, message) => {
  expect(() => createApp(bundles, { context })).toThrow(message);
});
