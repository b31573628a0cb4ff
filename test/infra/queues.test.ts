import { beforeAll, expect, test } from 'vitest';
import type { EndpointSpec } from '#edge/specs.ts';
import { slugOf, type Entry } from '#infra/inventory.ts';
import { bundleAll, createApp, Deployment, only, plantCompatible, type Resource } from './deployment.ts';

let deployment: Deployment;
let entries: Entry[];

beforeAll(async () => {
  const all = await bundleAll();
  const bundles = [...all.bundles, plantCompatible(all.bundles, 'openai/planted')];
  entries = bundles.map(({ entry }) => entry);
  deployment = new Deployment(createApp(bundles));
}, 120_000);

function endpoints(): (Entry & { spec: EndpointSpec })[] {
  return entries.filter((entry): entry is Entry & { spec: EndpointSpec } => entry.spec.kind === 'endpoint');
}

/** Those that have queues. */
function queued(): Entry[] {
  return endpoints().filter(({ spec }) => spec.hasQueue);
}

function sourcesOf(lambda: Resource): Resource[] {
  return deployment
    .ofType('AWS::Lambda::EventSourceMapping')
    .filter(({ stack, Properties }) => deployment.target(stack, Properties['FunctionName']) === lambda);
}

function lambdaOf({ name }: Entry): Resource {
  return deployment.at(`${slugOf(name)}/Handler/Function`, 'AWS::Lambda::Function');
}

test('P1 each endpoint that has a queue works on its own, and SQS moves a message only after the function failed to bury it', () => {
  expect(queued().length).toBeGreaterThan(2);
  for (const entry of queued()) {
    const lambda = lambdaOf(entry);
    const source = only(sourcesOf(lambda), `event sources of ${entry.name}`).Properties;
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

test('an endpoint without a queue has none of the three, and nothing of theirs', () => {
  const without = endpoints().filter((entry) => !queued().includes(entry));
  expect(without.map(({ name }) => name)).toContain('openai/planted');
  for (const entry of without) {
    const lambda = lambdaOf(entry);
    expect(sourcesOf(lambda)).toEqual([]);
    const own = deployment.resources.filter(({ path }) => path.startsWith(`${slugOf(entry.name)}/`));
    expect(own.filter(({ Type: type }) => /SQS|EventSource/.test(type))).toEqual([]);
    expect(JSON.stringify(own)).not.toMatch(/sqs:|QUEUE|Queues/);
  }
});

test('every queue is encrypted, refuses plain HTTP, lets in nobody by its own policy, and forgets', () => {
  const queues = deployment.ofType('AWS::SQS::Queue');
  const policies = deployment.ofType('AWS::SQS::QueuePolicy');
  expect(queues).toHaveLength(3 * queued().length);
  for (const queue of queues) {
    expect(queue.Properties).toMatchObject({ SqsManagedSseEnabled: true });
    expect(queue.Properties['MessageRetentionPeriod'], queue.path).toBeLessThanOrEqual(14 * 86_400);
    const own = policies.filter(({ stack, Properties }) => deployment.target(stack, Properties['Queues'][0]) === queue);
    const statements = own.flatMap(({ Properties }) => Properties['PolicyDocument'].Statement as unknown[]);
    expect(statements).toMatchObject([{ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }]);
  }
});
