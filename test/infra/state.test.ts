import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, expect, test } from 'vitest';
import type { Bundle } from '#infra/bundle/bundle-entries.ts';
import { StateStack } from '#infra/stacks/state-stack.ts';
import { TABLES } from '#infra/tables.ts';
import { bundleAll, createApp, Deployment, newOutFolder, only, type Resource } from './deployment.ts';

const NOTICE_EMAIL = 'finance@example.com';

let bundles: Bundle[];
let deployment: Deployment;

beforeAll(async () => {
  ({ bundles } = await bundleAll());
  deployment = new Deployment(createApp(bundles, { context: { noticeEmail: NOTICE_EMAIL } }));
}, 120_000);

test('tables are encrypted and paid by use; those with money’s trace can be restored and outlive their stack', () => {
  for (const { name, precious, sortKey } of TABLES) {
    const table = deployment.at(`table-${name}`, 'AWS::DynamoDB::Table');
    expect(table.Properties, name).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { SSEEnabled: true },
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        ...(sortKey ? [{ AttributeName: 'sk', KeyType: 'RANGE' }] : []),
      ],
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: precious },
      DeletionProtectionEnabled: precious,
    });
    expect(table.DeletionPolicy, name).toBe(precious ? 'Retain' : 'Delete');
  }
  expect(TABLES.filter(({ precious }) => precious).map(({ name }) => name)).toEqual([
    'ledger',
    'budgets',
    'callers',
    'audit',
  ]);
});

test('only what may be lost forgets by itself', () => {
  const forgetting = deployment
    .ofType('AWS::DynamoDB::Table')
    .filter(({ Properties }) => Properties['TimeToLiveSpecification']);
  expect(forgetting.map(({ path, Properties }) => [path, Properties['TimeToLiveSpecification']])).toEqual([
    ['table-cache', { AttributeName: 'expiresAt', Enabled: true }],
    // Purses bear the attribute, other counters do not.
    ['table-budgets', { AttributeName: 'expiresAt', Enabled: true }],
    ['table-jobs', { AttributeName: 'expiresAt', Enabled: true }],
  ]);
});

test('a secret is deployed without a value: nobody’s made-up password goes to OpenAI', () => {
  const secrets = deployment.ofType('AWS::SecretsManager::Secret');
  expect(secrets.map(({ Properties }) => Properties['Name'])).toEqual(['weir/prod/openai', 'weir/prod/openai-admin']);
  for (const { Properties } of secrets) {
    expect(Properties).not.toHaveProperty('SecretString');
    expect(Properties).not.toHaveProperty('GenerateSecretString');
  }
});

function topic(): Resource {
  return only(deployment.ofType('AWS::SNS::Topic'), 'topics');
}

test('notices lie encrypted with AWS’s own key, which every role that may publish may use', () => {
  const { stack, path, Properties } = topic();
  expect(stack).toBe('weir-prod-state');
  expect(path).toBe('Notices');
  const key = 'arn:aws:kms:eu-central-1:111122223333:alias/aws/sns';
  expect(deployment.text(stack, Properties['KmsMasterKeyId'])).toBe(key);
});

test('the topic refuses plain HTTP, and lets in nobody by its own policy', () => {
  const { stack, Properties } = only(deployment.ofType('AWS::SNS::TopicPolicy'), 'topic policies');
  expect(deployment.target(stack, Properties['Topics'][0])).toBe(topic());
  expect(Properties['PolicyDocument'].Statement).toMatchObject([
    {
      Effect: 'Deny',
      Principal: '*',
      Action: 'sns:Publish',
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
  ]);
});

test('a given address gets notices by e-mail; without one nobody gets them unasked', () => {
  const { stack, Properties } = only(deployment.ofType('AWS::SNS::Subscription'), 'subscriptions');
  expect(Properties).toMatchObject({ Protocol: 'email', Endpoint: NOTICE_EMAIL });
  expect(deployment.target(stack, Properties['TopicArn'])).toBe(topic());

  const unasked = new StateStack(new App({ outdir: newOutFolder(bundles) }), 'state', {
    stage: 'test',
    secretNames: [],
  });
  expect(Template.fromStack(unasked).findResources('AWS::SNS::Subscription')).toEqual({});
});

test('an address that is none is refused', () => {
  for (const noticeEmail of ['finance', '', 'a b@example.com']) {
    expect(() => createApp(bundles, { context: { noticeEmail } })).toThrow(
      `noticeEmail must be an e-mail address, but '${noticeEmail}' was provided`,
    );
  }
});
