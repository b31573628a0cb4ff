import { beforeAll, expect, test } from 'vitest';
import { slugOf } from '#infra/inventory.ts';
import type { Bundle } from '#infra/bundle/bundle-entries.ts';
import { bundleAll, createApp, Deployment, only, plantSchedule, type Resource } from './deployment.ts';

let bundles: Bundle[];
let deployment: Deployment;

beforeAll(async () => {
  const all = await bundleAll();
  bundles = all.bundles;
  const planted = Object.entries(RATES).map(([name, everyMinutes]) => plantSchedule(bundles, name, { everyMinutes }));
  deployment = new Deployment(createApp([...bundles, ...planted]));
}, 120_000);

const MINUTELY = 'finance/minutely';
const QUARTERLY = 'finance/quarterly';
const DAILY = 'finance/daily';
const WEEKLY = 'finance/weekly';
const RATES = { [MINUTELY]: 1, [QUARTERLY]: 15, [DAILY]: 1440, [WEEKLY]: 10_080 };

function lambdaOf(name: string): Resource {
  return deployment.at(`${slugOf(name)}/Handler/Function`, 'AWS::Lambda::Function');
}

function ruleOf(name: string): Resource {
  return deployment.at(`${slugOf(name)}/Rule`, 'AWS::Events::Rule');
}

/** Minutes of `rate(…)`, as EventBridge reads it. */
function minutesOf(rate: string): number {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(rate) ?? [];
  return Number(count) * { minute: 1, hour: 60, day: 1440 }[unit as 'minute' | 'hour' | 'day'];
}

test('a schedule’s rule starts its own function at its rate', () => {
  for (const [name, everyMinutes] of Object.entries(RATES)) {
    const { stack, Properties } = ruleOf(name);
    expect(minutesOf(Properties['ScheduleExpression'] as string), name).toBe(everyMinutes);
    expect(Properties['State']).toBe('ENABLED');
    const target = only(Properties['Targets'] as { Arn: unknown }[], `targets of ${name}`);
    expect(deployment.target(stack, target.Arn)).toBe(lambdaOf(name));
  }
});

test('a run is not repeated, neither by EventBridge nor by Lambda, and does not wait for longer than the next is away', () => {
  for (const [name, everyMinutes] of Object.entries(RATES)) {
    const terms = { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 * Math.min(everyMinutes, 360) };
    const [target] = ruleOf(name).Properties['Targets'] as [{ RetryPolicy: unknown }];
    expect(target.RetryPolicy, name).toEqual(terms);
    const invocations = deployment
      .ofType('AWS::Lambda::EventInvokeConfig')
      .filter(({ stack, Properties }) => deployment.target(stack, Properties['FunctionName']) === lambdaOf(name));
    expect(only(invocations, name).Properties).toMatchObject({ ...terms, Qualifier: '$LATEST' });
  }
});

test('each schedule is watched: failed runs, silence, and what its log says', () => {
  const alarms = deployment.ofType('AWS::CloudWatch::Alarm');
  const kindsOf = (name: string) =>
    alarms
      .filter(({ path }) => path.startsWith(`${slugOf(name)}/`))
      .map(({ path }) => path.split('/')[1])
      .sort();
  expect(kindsOf(MINUTELY)).toEqual(['Failures', 'Faults', 'LostSpend', 'Silence']);
  // CloudWatch looks back a week at most: a run a week that comes a second late would be silence.
  expect(kindsOf(WEEKLY)).toEqual(['Failures', 'Faults', 'LostSpend']);
  const { stack, Properties } = deployment.at(`${slugOf(MINUTELY)}/Failures`, 'AWS::CloudWatch::Alarm');
  expect(Properties).toMatchObject({
    Namespace: 'AWS/Lambda',
    MetricName: 'Errors',
    Statistic: 'Sum',
    Threshold: 0,
    ComparisonOperator: 'GreaterThanThreshold',
    EvaluationPeriods: 1,
    TreatMissingData: 'notBreaching',
  });
  expect(deployment.target(stack, Properties['Dimensions'][0].Value)).toBe(lambdaOf(MINUTELY));
});

test('a schedule that does not run rings: after 15 minutes, or three runs that did not come', () => {
  for (const [name, minutes] of [
    [MINUTELY, 15],
    [QUARTERLY, 45],
    [DAILY, 3 * 1440],
  ] as const) {
    const { stack, Properties } = deployment.at(`${slugOf(name)}/Silence`, 'AWS::CloudWatch::Alarm');
    // A period without a run has no data, which is filled in as 0; without any data at all it rings too.
    expect(Properties, name).toMatchObject({
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
    });
    const [filled, runs] = Properties['Metrics'] as [Record<string, unknown>, { Id: string; MetricStat: RunsStat }];
    expect(filled).toMatchObject({ Expression: `FILL(${runs.Id}, 0)` });
    const { Metric: metric, Period: periodSeconds, Stat: statistic } = runs.MetricStat;
    expect({ ...metric, statistic }).toMatchObject({
      Namespace: 'AWS/Lambda',
      MetricName: 'Invocations',
      statistic: 'Sum',
    });
    expect(deployment.target(stack, metric.Dimensions[0].Value)).toBe(lambdaOf(name));
    expect((periodSeconds * Properties['EvaluationPeriods']) / 60, name).toBe(minutes);
    expect(Properties['AlarmDescription']).toContain(`no run in ${minutes} minutes`);
  }
});

interface RunsStat {
  readonly Metric: { readonly Dimensions: readonly [{ readonly Value: unknown }] };
  readonly Period: number;
  readonly Stat: string;
}

test('an alarm looks back no further than CloudWatch can: a day, or a week where a period is an hour or more', () => {
  for (const { path, Properties } of deployment.ofType('AWS::CloudWatch::Alarm')) {
    const metrics = (Properties['Metrics'] ?? []) as { MetricStat?: RunsStat }[];
    const periods = metrics.flatMap(({ MetricStat: stat }) => stat?.Period ?? []);
    const period = Math.max(...periods, Properties['Period'] ?? 0);
    expect(period * Properties['EvaluationPeriods'], path).toBeLessThanOrEqual(period < 3600 ? 86_400 : 7 * 86_400);
  }
});

test('without a schedule there is no stack for them, for an empty one cannot be deployed', () => {
  const without = bundles.filter(({ entry: { spec } }) => spec.kind !== 'schedule' && spec.kind !== 'rotation');
  const app = createApp(without);
  expect(app.node.children.map(({ node }) => node.id)).toContain('weir-prod-state');
  expect(app.node.children.map(({ node }) => node.id)).not.toContain('weir-prod-schedules');
});
