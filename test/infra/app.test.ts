import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { beforeAll, expect, test } from 'vitest';
import { medium } from '#edge/models.ts';
import type { Bundle } from '#infra/bundle/bundle-entries.ts';
import type { BundleOf } from '#infra/constructs/bundle-of.ts';
import { Endpoint } from '#infra/constructs/endpoint.ts';
import { EntryFunction } from '#infra/constructs/entry-function.ts';
import { Schedule } from '#infra/constructs/schedule.ts';
import { spread } from '#infra/stacks/spread.ts';
import { StateStack } from '#infra/stacks/state-stack.ts';
import {
  bundleAll,
  createApp,
  Deployment,
  find,
  newOutFolder,
  plantCompatible,
  plantEndpoint,
  plantRoute,
  plantSchedule,
} from './deployment.ts';

/** A whole synth takes seconds, and minutes where the machine is busy with others. */
const SLOW = { timeout: 120_000 };

let bundles: Bundle[];

beforeAll(async () => ({ bundles } = await bundleAll()));

test('a planted finding fails the synth, of cdk-nag and of CDK’s own rules', SLOW, () => {
  const few = ['summarize', 'security/authorize-caller'].map((name) => find(bundles, name));
  const app = createApp(few);
  expect(new Queue(app.state, 'PlantedQueue')).toBeDefined();
  new CfnLogGroup(app.state, 'PlantedLog').addPropertyOverride('RetentionInWeeks', 4);
  expect(() => app.synth()).toThrow(/AwsSolutions-SQS4[^]*RetentionInWeeks|RetentionInWeeks[^]*AwsSolutions-SQS4/);
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

test('L9 where the caller names the model, no model has to have a price yet', () => {
  const free = plantCompatible(bundles, 'openai/planted');
  expect(() => createApp([...bundles, free])).not.toThrow();
});

test('L9 a price that begins later is no price today', () => {
  expect(() => createApp(bundles, { atMs: Date.UTC(2019, 0, 1) })).toThrow(/summarize: .+ has no price on 2019-01-01/);
});

test('a bundle over its budget is refused', () => {
  const embed = find(bundles, 'embed');
  const heavy = [...bundles.filter((bundle) => bundle !== embed), { ...embed, bytes: 475_001 }];
  expect(() => createApp(heavy)).toThrow('embed: its bundle has 475001 bytes, but its budget is 475000');
});

test('a schedule’s bundle has a budget too', () => {
  const heavy = { ...plantSchedule(bundles, 'finance/planted'), bytes: 1_000_000 };
  expect(() => createApp([...bundles, heavy])).toThrow('finance/planted: its bundle has 1000000 bytes, but its budget');
});

test('a route that is public by itself is refused, also where another method of its path may be', () => {
  for (const [method, path] of [
    ['GET', '/v1/planted'],
    ['PUT', '/health'],
  ] as const) {
    const opened = plantRoute(bundles, 'finance/planted', { method, path, access: 'public' });
    expect(() => createApp([...bundles, opened])).toThrow(
      `finance/planted: ${method} ${path} is public, but not among`,
    );
  }
});

test('all faults are named at once', () => {
  const model = { ...medium, model: 'gpt-none' };
  const planted = ['one', 'two'].map((name) => plantEndpoint(bundles, name, { model }));
  expect(() => createApp([...bundles, ...planted])).toThrow(/one: gpt-none.*\n.*two: gpt-none/);
});

test('a stage has its own stacks, secrets and URL, and its alarms go to the topic that is given', SLOW, () => {
  const alarmTopicArn = 'arn:aws:sns:eu-central-1:111122223333:on-call';
  const all = [...bundles, plantSchedule(bundles, 'finance/planted')];
  const deployment = new Deployment(createApp(all, { context: { stage: 'test1', alarmTopicArn } }));
  const parts = ['api', 'endpoints-1', 'observability', 'schedules', 'state'];
  expect([...deployment.templates.keys()].sort()).toEqual(parts.map((part) => `weir-test1-${part}`));
  expect(JSON.stringify([...deployment.templates.values()])).not.toMatch(/weir[-/]prod/);

  const alarms = deployment.ofType('AWS::CloudWatch::Alarm');
  expect(alarms.length).toBeGreaterThan(0);
  for (const { path, Properties } of alarms) expect(Properties['AlarmActions'], path).toEqual([alarmTopicArn]);
});

test('a stage whose name AWS would not take is refused', () => {
  expect(() => createApp(bundles, { context: { stage: 'Test-1' } })).toThrow("but 'Test-1' was provided");
});

test('sixty endpoints stand in stacks of less than 400 resources and 200 outputs', SLOW, () => {
  const own = bundles.filter(({ entry }) => entry.spec.kind === 'endpoint').length;
  const planted = Array.from({ length: 60 - own }, (_, index) => plantEndpoint(bundles, `planted-${index}`));
  const deployment = new Deployment(createApp([...bundles, ...planted]));
  const { templates } = deployment;
  for (const [name, { Resources, Outputs = {} }] of templates) {
    expect(Object.keys(Resources).length, name).toBeLessThan(400);
    expect(Object.keys(Outputs).length, name).toBeLessThan(200);
  }
  const queued = [...bundles, ...planted].filter(({ entry: { spec } }) => spec.kind === 'endpoint' && spec.hasQueue);
  expect(deployment.ofType('AWS::Lambda::EventSourceMapping')).toHaveLength(queued.length);
  expect(queued.length).toBeGreaterThan(50);
  expect([...templates.keys()].filter((name) => name.includes('endpoints')).length).toBeGreaterThan(1);
});

test('a new endpoint moves no other, unless a stack is full: then some move into the new one', () => {
  const names = Array.from({ length: 80 }, (_, index) => `endpoint-${index}`);
  let before: string[][] = [];
  for (let count = 1; count <= names.length; count++) {
    const after = spread(names.slice(0, count), 19);
    for (const group of after) expect(group.length).toBeLessThanOrEqual(19);
    const moved = before.flatMap((group, index) => group.filter((name) => !after[index]?.includes(name)));
    const inNewStacks = after.slice(before.length).flat();
    expect(moved.filter((name) => !inNewStacks.includes(name))).toEqual([]);
    before = after;
  }
  expect(before.flat().sort()).toEqual(names.toSorted());
  expect(before.length).toBeLessThan(10);
});

test('what a caller gives a construct as environment survives', () => {
  const app = new App({ outdir: newOutFolder(bundles) });
  const state = new StateStack(app, 'state', { stage: 'test', secretNames: ['openai'] });
  const stack = new Stack(app, 'stack');
  const environment = { NODE_OPTIONS: '--stack-trace-limit=50', WEIR_MAX_RECEIVES: '7' };
  const endpoint = find(bundles, 'summarize') as BundleOf<'endpoint'>;
  const route = find(bundles, 'pages/health');
  const schedule = plantSchedule(bundles, 'finance/planted', { reads: ['ledger'] });
  expect(new Endpoint(stack, 'endpoint', { bundle: endpoint, state, environment })).toBeDefined();
  expect(new EntryFunction(stack, 'function', { bundle: route, environment })).toBeDefined();
  expect(new Schedule(stack, 'schedule', { bundle: schedule, state, environment })).toBeDefined();

  const lambdas = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function'));
  const variables = lambdas.map(({ Properties }) => Properties.Environment.Variables as Record<string, unknown>);
  expect(variables).toHaveLength(3);
  for (const each of variables) expect(each).toMatchObject(environment);
  expect(variables.map((each) => each['WEIR_ENTRY'])).toEqual(['summarize', 'pages/health', 'finance/planted']);
});

test('results may go to shared queues that are given, and the function may send there', () => {
  const app = new App({ outdir: newOutFolder(bundles) });
  const state = new StateStack(app, 'state', { stage: 'test', secretNames: ['openai'] });
  const stack = new Stack(app, 'stack');
  const shared = new Queue(stack, 'Shared');
  const bundle = find(bundles, 'summarize') as BundleOf<'endpoint'>;
  expect(new Endpoint(stack, 'endpoint', { bundle, state, sharedResultQueues: { shared } })).toBeDefined();

  const template = Template.fromStack(stack);
  const textOf = (type: string) => JSON.stringify(Object.values(template.findResources(type)));
  const queueId = /"Fn::GetAtt":\["(Shared\w+)","Arn"\]/.exec(textOf('AWS::IAM::Policy'))?.[1];
  expect(queueId).toBeDefined();
  expect(textOf('AWS::Lambda::Function')).toContain(String.raw`{\"shared\":\"",{"Ref":"${queueId}"}`);
});

test('synth works by itself and offline', SLOW, async () => {
  const root = resolve(import.meta.dirname, '../..');
  const folder = newOutFolder(bundles);
  const args = ['--import', join(import.meta.dirname, 'offline.ts'), join(root, 'infra/app.ts')];
  await promisify(execFile)(process.execPath, args, { cwd: folder, env: { ...process.env, CDK_OUTDIR: folder } });
  const templates = (await readdir(folder)).filter((name) => name.endsWith('.template.json'));
  expect(templates.length).toBeGreaterThanOrEqual(4);
});
