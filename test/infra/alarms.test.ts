import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Bundle } from '#infra/bundle/bundle-entries.ts';
import { bundlesOf } from '#infra/constructs/bundle-of.ts';
import { slugOf } from '#infra/inventory.ts';
import {
  bundleAll,
  createApp,
  Deployment,
  find,
  only,
  plantCompatible,
  plantEndpoint,
  plantSchedule,
  type Resource,
} from './deployment.ts';

let bundles: Bundle[];
let deployment: Deployment;

// The repository's own entries, a schedule that can raise all that an endpoint can, and endpoints that stream.
beforeAll(async () => {
  const all = await bundleAll();
  const { folder } = find(all.bundles, 'summarize');
  bundles = [
    ...all.bundles,
    { ...plantSchedule(all.bundles, 'finance/planted'), folder },
    plantCompatible(all.bundles, 'openai/planted'),
    plantEndpoint(all.bundles, 'planted-stream', { stream: { timeoutMs: 120_000 } }),
  ];
  deployment = new Deployment(createApp(bundles));
}, 120_000);

/** Every value of the log's `alarm` field in a function's code; a template's variable part counts as anything. */
async function alarmsIn({ folder }: Bundle): Promise<string[]> {
  const code = await readFile(join(folder, 'index.js'), 'utf8');
  const found = code.matchAll(/\balarm:\s*(["'`])(.+?)\1/g);
  return [...new Set(Array.from(found, ([, , alarm = '']) => alarm.replace(/\$\{.*\}/, 'anything')))];
}

/** The filters on a function's own log. */
function filtersOf({ entry }: Bundle): Resource[] {
  const lambda = lambdaOf(entry.name);
  const log = deployment.target(lambda.stack, lambda.Properties['LoggingConfig'].LogGroup);
  return deployment
    .ofType('AWS::Logs::MetricFilter')
    .filter(({ stack, Properties }) => deployment.target(stack, Properties['LogGroupName']) === log);
}

function lambdaOf(name: string): Resource {
  const lambdas = deployment.ofType('AWS::Lambda::Function');
  return only(
    lambdas.filter(({ Properties }) => Properties['Environment'].Variables.WEIR_ENTRY === name),
    name,
  );
}

/** Whether a filter finds a line with this `alarm`, as CloudWatch reads it: terms joined by one operator, `*` at a value's end. */
function finds({ Properties }: Resource, alarm: string): boolean {
  const pattern = Properties['FilterPattern'] as string;
  const terms = Array.from(pattern.matchAll(/\$\.alarm (!?=) "([^"]+)"/g), ([, operator, value = '']) => {
    const fits = value.endsWith('*') ? alarm.startsWith(value.slice(0, -1)) : alarm === value;
    return fits === (operator === '=');
  });
  return pattern.includes('&&') ? terms.every(Boolean) : terms.some(Boolean);
}

/** Whether an alarm rings at the first line of this function's that a filter counts. */
function rings(filter: Resource, { entry }: Bundle): boolean {
  const [{ MetricName: metric, MetricNamespace: namespace, MetricValue: value }] = filter.Properties[
    'MetricTransformations'
  ] as [Record<string, string>];
  return deployment
    .ofType('AWS::CloudWatch::Alarm')
    .filter(({ Properties }) => Properties['MetricName'] === metric && Properties['Namespace'] === namespace)
    .filter(({ stack, Properties: { Dimensions: dimensions } }) => {
      const [{ Name: name, Value: of }] = dimensions as [{ Name: string; Value: unknown }];
      return name === 'Function' && deployment.target(stack, of) === lambdaOf(entry.name);
    })
    .some(
      ({ Properties }) =>
        value === '1' &&
        Properties['Threshold'] === 0 &&
        Properties['ComparisonOperator'] === 'GreaterThanThreshold' &&
        Properties['EvaluationPeriods'] === 1,
    );
}

test('every alarm that a function can raise in its log is counted there, and rings', async () => {
  const raised = await Promise.all(
    bundles.map(async (bundle) => ({ bundle, alarms: await alarmsIn(bundle), filters: filtersOf(bundle) })),
  );
  expect(new Set(raised.flatMap(({ alarms }) => alarms)).size).toBeGreaterThan(5);
  const unheard = raised.flatMap(({ bundle, alarms, filters }) =>
    alarms
      .filter((alarm) => !filters.some((filter) => finds(filter, alarm) && rings(filter, bundle)))
      .map((alarm) => `${bundle.entry.name}: ${alarm}`),
  );
  expect(unheard).toEqual([]);
});

/** The filters that find a line of an entry's function with this `alarm`. */
function foundBy(alarm: string, name: string): string[] {
  const filters = filtersOf(find(bundles, name)).filter((filter) => finds(filter, alarm));
  return filters.map(({ path }) => path.slice(slugOf(name).length + 1));
}

test('a schedule’s lost spend rings by itself, and is no fault; whatever else it raises is one', () => {
  expect(foundBy('lost-spend', 'finance/planted')).toEqual(['LostSpendLines']);
  for (const alarm of ['sweep', 'settlement', 'what nobody has thought of']) {
    expect(foundBy(alarm, 'finance/planted')).toEqual(['FaultsLines']);
  }
});

test('what an endpoint says of money rings apart from what it says of the upstream', () => {
  for (const { entry } of bundlesOf(bundles, 'endpoint')) {
    for (const alarm of [
      'over-hold',
      'settlement',
      'budget-unavailable',
      'idempotency-unavailable',
      'unpriced',
      'lost-spend',
    ]) {
      expect(foundBy(alarm, entry.name)).toEqual(['Alarms/BudgetLines']);
    }
    for (const alarm of ['upstream-quota', 'key-stale']) {
      expect(foundBy(alarm, entry.name)).toEqual(['Alarms/UpstreamLines']);
    }
  }
});

test('every endpoint is watched: failures, latency, crashes, throttles, budget, upstream, and dead letters where there are any', () => {
  const alarms = deployment.ofType('AWS::CloudWatch::Alarm').map(({ path }) => path);
  const all = ['Failures', 'Latency', 'Crashes', 'Throttles', 'DeadLetters', 'Budget', 'Upstream'];
  for (const { entry } of bundlesOf(bundles, 'endpoint')) {
    const slug = slugOf(entry.name);
    const kinds = entry.spec.hasQueue ? all : all.filter((kind) => kind !== 'DeadLetters');
    const own = alarms.filter((path) => path.startsWith(`${slug}/Alarms/`));
    expect(own).toEqual(kinds.map((kind) => `${slug}/Alarms/${kind}`));
  }
  expect(alarms).toContain('Alarms/Authorizer');
});

test('an endpoint is slow when its calls come near the longest limit that they have, streamed or not', () => {
  const slowAboveMs = (name: string) =>
    deployment.at(`${slugOf(name)}/Alarms/Latency`, 'AWS::CloudWatch::Alarm').Properties['Threshold'] as number;
  for (const { entry } of bundlesOf(bundles, 'endpoint')) {
    const { limits, stream } = entry.spec;
    const longestMs = stream?.timeoutMs ?? limits.timeoutMs;
    expect(slowAboveMs(entry.name), entry.name).toBeGreaterThan(0.5 * longestMs);
    expect(slowAboveMs(entry.name), entry.name).toBeLessThan(longestMs);
  }
  expect(slowAboveMs('planted-stream')).toBe(96_000);
});
