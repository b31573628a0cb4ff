import { beforeAll, expect, test } from 'vitest';
import type { Bundle } from '#infra/bundle/bundle-entries.ts';
import { parseConfig } from '#platform/config.ts';
import { bundleAll, createApp, Deployment, find, only, plantEndpoint, type Resource } from './deployment.ts';
import { breadthOf, reachOf, roleOf } from './reach.ts';

let bundles: Bundle[];
let deployment: Deployment;

// Two secrets, of which one has an OpenAI project: the other is not rotated.
beforeAll(async () => {
  const all = await bundleAll();
  bundles = [...all.bundles, plantEndpoint(all.bundles, 'planted', { secret: 'other' })];
  deployment = new Deployment(createApp(bundles, { context: { openaiProjects: 'openai=proj_one' } }));
}, 120_000);

const rotator = () => deployment.at('security-rotate-key/Handler/Function', 'AWS::Lambda::Function');
const secret = (name: string) => deployment.at(`secret-${name}`, 'AWS::SecretsManager::Secret');

test('rotation writes the secrets whose project is told, reads the admin key, and reaches no other secret', () => {
  const reach = reachOf(deployment, rotator());
  expect(reach.filter((permission) => permission.startsWith('secretsmanager:'))).toEqual([
    'secretsmanager:DescribeSecret secret-openai',
    'secretsmanager:GetSecretValue secret-openai',
    'secretsmanager:GetSecretValue secret-openai-admin',
    'secretsmanager:PutSecretValue secret-openai',
    'secretsmanager:UpdateSecretVersionStage secret-openai',
  ]);
  expect(breadthOf(deployment, roleOf(deployment, rotator()))).toEqual([]);
});

test('no other function can read the admin key, or write any secret', () => {
  const others = deployment.ofType('AWS::Lambda::Function').filter((lambda) => lambda !== rotator());
  expect(others.length).toBeGreaterThan(10);
  for (const lambda of others) {
    const reach = reachOf(deployment, lambda).filter((permission) => permission.startsWith('secretsmanager:'));
    for (const permission of reach)
      expect(permission, lambda.path).toMatch(/^secretsmanager:GetSecretValue secret-(openai|other)$/);
  }
});

test('Secrets Manager may invoke the function for that secret alone, and does so every 30 days, not at once', () => {
  const { stack, Properties } = only(deployment.ofType('AWS::SecretsManager::RotationSchedule'), 'rotation schedules');
  expect(deployment.target(stack, Properties['SecretId'])).toBe(secret('openai'));
  expect(deployment.target(stack, Properties['RotationLambdaARN'])).toBe(rotator());
  expect(Properties).toMatchObject({
    RotateImmediatelyOnUpdate: false,
    RotationRules: { AutomaticallyAfterDays: 30 },
  });
  const permissions = deployment
    .ofType('AWS::Lambda::Permission')
    .filter((each) => each.Properties['Principal'] === 'secretsmanager.amazonaws.com');
  const permission: Resource = only(permissions, 'permissions');
  expect(deployment.target(permission.stack, permission.Properties['FunctionName'])).toBe(rotator());
  expect(deployment.target(permission.stack, permission.Properties['SourceArn'])).toBe(secret('openai'));
});

test('the function is told the projects by the ARN with which it will be invoked, and understands it', () => {
  const { stack, Properties } = rotator();
  const variables = Object.entries(Properties['Environment'].Variables as Record<string, unknown>);
  const environment = Object.fromEntries(variables.map(([name, value]) => [name, deployment.text(stack, value)]));
  expect(parseConfig(environment).rotation).toMatchObject({
    adminSecretId: 'weir/prod/openai-admin',
    // The text of a reference to the secret, which is its ARN.
    projects: { 'secret-openai': 'proj_one' },
  });
});

test('cdk-nag and CDK’s own rules find nothing', async () => {
  const { readFile } = await import('node:fs/promises');
  const text = await readFile(`${deployment.folder}/validation-report.json`, 'utf8');
  expect(JSON.parse(text)).toMatchObject({ pluginReports: [] });
});

test.each(['nothing=proj_one', 'openai', 'openai=sk-one', 'openai-admin=proj_one'])(
  'openaiProjects %s is refused',
  (openaiProjects) => {
    expect(() => createApp(bundles, { context: { openaiProjects } })).toThrow(
      `openaiProjects must be <secret>=<project> of openai, other, but '${openaiProjects}' was provided`,
    );
  },
);

test('the admin key’s secret is no endpoint’s', () => {
  const greedy = plantEndpoint(bundles, 'greedy', { secret: 'openai-admin' });
  expect(() => createApp([find(bundles, 'security/authorize-caller'), greedy, find(bundles, 'summarize')])).toThrow(
    'no endpoint may use the secret openai-admin',
  );
});
