import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { medium } from '#edge/models.ts';
import type { Bundle } from '#infra/bundle/bundle-entries.ts';
import { bundlesOf } from '#infra/constructs/bundle-of.ts';
import { Endpoint } from '#infra/constructs/endpoint.ts';
import { EntryFunction } from '#infra/constructs/entry-function.ts';
import { spread } from '#infra/stacks/spread.ts';
import { StateStack } from '#infra/stacks/state-stack.ts';
import { bundleAll, createApp, Deployment, plantEndpoint } from './deployment.ts';

let bundles: Bundle[];
let dispose: () => Promise<void>;

beforeAll(async () => ({ bundles, dispose } = await bundleAll()));
afterAll(() => dispose());

test('cdk-nag and CDK’s own rules find nothing', async () => {
  const { folder } = new Deployment(createApp(bundles));
  const report = JSON.parse(await readFile(join(folder, 'validation-report.json'), 'utf8')) as {
    pluginReports: unknown;
  };
  expect(report.pluginReports).toEqual([]);
});

test('a planted finding of cdk-nag fails the synth', () => {
  const app = createApp(bundles);
  expect(new Queue(app.state, 'Planted')).toBeDefined();
  expect(() => app.synth()).toThrow(/AwsSolutions-SQS4/);
});

test('a planted finding of CDK’s own rules fails the synth', () => {
  const app = createApp(bundles);
  expect(new CfnLogGroup(app.state, 'Planted', { retentionInDays: 8 })).toBeDefined();
  expect(() => app.synth()).toThrow(/RetentionInDays/);
});

test('L9 an unpriced model is refused, by the names of endpoint, model and tier', () => {
  const unpriced = plantEndpoint(bundles, 'planted', { model: { ...medium, model: 'gpt-none' } });
  expect(() => createApp([...bundles, unpriced])).toThrow(
    /planted: gpt-none, the model of tier medium, has no price on/,
  );
});

test('L9 an unpriced fallback is refused too', () => {
  const unpriced = plantEndpoint(bundles, 'planted', { model: { ...medium, fallbacks: ['gpt-none'] } });
  expect(() => createApp([...bundles, unpriced])).toThrow(
    /planted: gpt-none, a fallback of tier medium, has no price on/,
  );
});

test('L9 a price that begins later is no price today', () => {
  const [{ entry }] = bundlesOf(bundles, 'endpoint') as [Bundle];
  expect(() => createApp(bundles, { atMs: Date.UTC(2019, 0, 1) })).toThrow(`${entry.name}: `);
});

test('a bundle over its budget is refused', () => {
  const heavy = bundles.map((bundle) => (bundle.entry.name === 'embed' ? { ...bundle, bytes: 450_001 } : bundle));
  expect(() => createApp(heavy)).toThrow('embed: its bundle has 450001 bytes, but its budget is 450000');
});

test('a route that is public by itself is refused', () => {
  const opened = bundlesOf(bundles, 'route').map((bundle) => {
    const { entry } = bundle;
    return entry.name === 'finance/spend'
      ? { ...bundle, entry: { ...entry, spec: { ...entry.spec, access: 'public' as const } } }
      : bundle;
  });
  const others = bundles.filter(({ entry }) => entry.spec.kind !== 'route');
  expect(() => createApp([...others, ...opened])).toThrow('finance/spend: /v1/spend is public, but not among');
});

test('all faults are named at once', () => {
  const model = { ...medium, model: 'gpt-none' };
  const planted = ['one', 'two'].map((name) => plantEndpoint(bundles, name, { model }));
  expect(() => createApp([...bundles, ...planted])).toThrow(/one: gpt-none.*\n.*two: gpt-none/);
});

test('a stage has its own stacks, secrets and URL, and a name that AWS takes', () => {
  const { stacks } = createApp(bundles, { context: { stage: 'test1' } }).synth();
  expect(stacks.map(({ stackName }) => stackName).sort()).toEqual(
    ['api', 'endpoints-1', 'observability', 'state'].map((name) => `weir-test1-${name}`),
  );
  expect(JSON.stringify(stacks.map(({ template }) => template as object))).not.toMatch(/weir[-/]prod/);
  expect(() => createApp(bundles, { context: { stage: 'Test-1' } })).toThrow("but 'Test-1' was provided");
});

test('alarms go to the topic that is given', () => {
  const alarmTopicArn = 'arn:aws:sns:eu-central-1:111122223333:on-call';
  const alarms = new Deployment(createApp(bundles, { context: { alarmTopicArn } })).ofType('AWS::CloudWatch::Alarm');
  expect(alarms.length).toBeGreaterThan(0);
  for (const { path, Properties } of alarms) expect(Properties['AlarmActions'], path).toEqual([alarmTopicArn]);
});

test('sixty endpoints stand in stacks of less than 400 resources and 200 outputs', () => {
  const planted = Array.from({ length: 57 }, (_, index) => plantEndpoint(bundles, `planted-${index}`));
  const { templates, ofType } = ((deployment: Deployment) => ({
    templates: deployment.templates,
    ofType: (type: string) => deployment.ofType(type),
  }))(new Deployment(createApp([...bundles, ...planted])));
  for (const [name, { Resources, Outputs = {} }] of templates) {
    expect(Object.keys(Resources).length, name).toBeLessThan(400);
    expect(Object.keys(Outputs).length, name).toBeLessThan(200);
  }
  expect(ofType('AWS::Lambda::EventSourceMapping')).toHaveLength(60);
  expect([...templates.keys()].filter((name) => name.includes('endpoints')).length).toBeGreaterThan(1);
});

test('an endpoint stays in its stack when others come and go', () => {
  const names = Array.from({ length: 200 }, (_, index) => `endpoint-${index}`);
  const groupOf = (all: readonly string[]) => {
    const groups = spread(all, 19);
    expect(Math.max(...groups.map((group) => group.length))).toBeLessThanOrEqual(19);
    return new Map(groups.flatMap((group, index) => group.map((name) => [name, index])));
  };
  let before = groupOf(names.slice(0, 1));
  let moved = 0;
  for (let count = 2; count <= names.length; count++) {
    const after = groupOf(names.slice(0, count));
    for (const [name, group] of before) if (after.get(name) !== group) moved++;
    before = after;
  }
  // In order of the alphabet, and 19 to a stack, each new name would move up to ten others.
  expect(moved / names.length).toBeLessThan(2);
});

test('what a caller gives a construct as environment survives', () => {
  const app = new App();
  const state = new StateStack(app, 'state', { stage: 'test', secretNames: ['openai'] });
  const stack = new Stack(app, 'stack');
  const environment = { NODE_OPTIONS: '--stack-trace-limit=50', WEIR_MAX_RECEIVES: '7' };
  const [bundle] = bundlesOf(bundles, 'endpoint');
  expect(new Endpoint(stack, 'endpoint', { bundle: bundle!, state, environment })).toBeDefined();
  expect(new EntryFunction(stack, 'function', { bundle: bundles.at(-1)!, environment })).toBeDefined();

  const lambdas = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function'));
  const variables = lambdas.map(({ Properties }) => Properties.Environment.Variables as Record<string, unknown>);
  expect(variables).toHaveLength(2);
  for (const each of variables) expect(each).toMatchObject(environment);
  expect(variables.map((each) => each['WEIR_ENTRY'])).toEqual([bundle!.entry.name, bundles.at(-1)!.entry.name]);
});

test('results may go to shared queues that are given, and the function may send there', () => {
  const app = new App();
  const state = new StateStack(app, 'state', { stage: 'test', secretNames: ['openai'] });
  const stack = new Stack(app, 'stack');
  const shared = new Queue(stack, 'Shared');
  const [bundle] = bundlesOf(bundles, 'endpoint');
  const sharedResultQueues = { shared };
  const { function: handler } = new Endpoint(stack, 'endpoint', { bundle: bundle!, state, sharedResultQueues });

  const template = Template.fromStack(stack);
  const [policy] = Object.values(template.findResources('AWS::IAM::Policy'));
  const lambda =
    template.findResources('AWS::Lambda::Function')[stack.getLogicalId(handler.lambda.node.defaultChild as never)];
  expect(JSON.stringify(policy)).toContain(stack.getLogicalId(shared.node.defaultChild as never));
  expect(JSON.stringify(lambda!.Properties.Environment.Variables.WEIR_RESULT_QUEUES)).toContain(`\\"shared\\":`);
});

test('synth works by itself and offline', async () => {
  const root = resolve(import.meta.dirname, '../..');
  const folder = await mkdtemp(join(tmpdir(), 'weir-offline-'));
  const args = ['--import', join(import.meta.dirname, 'offline.ts'), join(root, 'infra/app.ts')];
  try {
    await promisify(execFile)(process.execPath, args, { cwd: folder, env: { ...process.env, CDK_OUTDIR: folder } });
    const templates = (await readdir(folder)).filter((name) => name.endsWith('.template.json'));
    expect(templates.length).toBeGreaterThanOrEqual(4);
  } finally {
    await rm(folder, { recursive: true });
  }
});
