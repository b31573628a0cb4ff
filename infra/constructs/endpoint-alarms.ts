import { MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { longestCallMs } from '../function-timeout.ts';
import { anyAlarm, countLines } from './alarm-lines.ts';
import { Alarms, type AlarmsProps } from './alarms.ts';
import { endpointMetric, PERIOD } from './endpoint-metrics.ts';
import type { Endpoint } from './endpoint.ts';

export interface EndpointAlarmsProps extends Pick<AlarmsProps, 'alarmTopicArn'> {
  readonly endpoint: Endpoint;
}

/** Failures below so many calls in a period are bad luck. */
const FEWEST_CALLS = 10;
const MOST_FAILURES_PERCENT = 20;
/**
 * Of the endpoint's longest time limit: a stream takes as long as its text, and one metric tells of plain and streamed calls.
 * A plain call that runs into its own, shorter limit is a failure, and rings as one.
 */
const SLOW_SHARE = 0.8;

/** What a function's log may say by `alarm`: every value that endpoints write must be among these. */
const MONEY_ALARMS = [
  'over-hold',
  'settlement',
  'budget-unavailable',
  'idempotency-unavailable',
  'unpriced',
  'lost-spend',
];
const UPSTREAM_ALARMS = ['upstream-*', 'key-*'];

/** What somebody should hear of when an endpoint is not well. */
export class EndpointAlarms extends Alarms {
  constructor(scope: Construct, id: string, { endpoint, ...props }: EndpointAlarmsProps) {
    const { function: handler, queues, spec } = endpoint;
    const { lambda, entryName: name } = handler;
    super(scope, id, { subject: name, ...props });

    this.add('Failures', {
      says: `more than ${MOST_FAILURES_PERCENT} % of the calls fail`,
      metric: failuresPercent(name),
      above: MOST_FAILURES_PERCENT,
      periods: 2,
    });
    this.add('Latency', {
      says: `calls take more than ${100 * SLOW_SHARE} % of the longest time that they have (95th percentile)`,
      metric: endpointMetric(name, 'Latency', 'p95'),
      above: SLOW_SHARE * longestCallMs(spec),
      periods: 3,
    });
    this.add('Crashes', {
      says: 'the function died over an event; its holds are left to the sweeper',
      metric: lambda.metricErrors({ period: PERIOD }),
    });
    this.add('Throttles', {
      says: 'Lambda turns calls away: raise the account’s concurrency',
      metric: lambda.metricThrottles({ period: PERIOD }),
    });
    if (queues) {
      this.add('DeadLetters', {
        says: 'messages lie in the dead-letter queue, each with its reason',
        metric: queues.deadLetters.metricApproximateNumberOfMessagesVisible({ period: PERIOD }),
      });
    }
    this.add('Budget', {
      says:
        'money is not in order: a call could not be held, told from its repeat, priced or settled, ' +
        'or cost more than was held for it',
      metric: countLines(this, 'Budget', handler, anyAlarm(...MONEY_ALARMS)),
    });
    this.add('Upstream', {
      says: 'OpenAI refuses this deployment: its key, its set-up or its quota',
      metric: countLines(this, 'Upstream', handler, anyAlarm(...UPSTREAM_ALARMS)),
    });
  }
}

function failuresPercent(name: string): MathExpression {
  return new MathExpression({
    expression: `IF(calls >= ${FEWEST_CALLS}, 100 * failures / calls, 0)`,
    label: 'Failures %',
    usingMetrics: { calls: endpointMetric(name, 'Calls'), failures: endpointMetric(name, 'Failures') },
    period: PERIOD,
  });
}
