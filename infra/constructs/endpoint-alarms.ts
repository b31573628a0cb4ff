import { MathExpression, type Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, MetricFilter, type IFilterPattern, type JsonPattern } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { Alarms, type AlarmsProps } from './alarms.ts';
import { endpointMetric, NAMESPACE, PERIOD } from './endpoint-metrics.ts';
import type { Endpoint } from './endpoint.ts';

export interface EndpointAlarmsProps extends Pick<AlarmsProps, 'alarmTopicArn'> {
  readonly endpoint: Endpoint;
}

/** Failures below so many calls in a period are bad luck. */
const FEWEST_CALLS = 10;
const MOST_FAILURES_PERCENT = 20;
/** Of the endpoint's time limit. */
const SLOW_SHARE = 0.8;

/** What somebody should hear of when an endpoint is not well. */
export class EndpointAlarms extends Alarms {
  readonly #endpoint: Endpoint;

  constructor(scope: Construct, id: string, { endpoint, ...props }: EndpointAlarmsProps) {
    const { lambda, entryName: name } = endpoint.function;
    super(scope, id, { subject: name, ...props });
    this.#endpoint = endpoint;

    this.add('Failures', {
      says: `more than ${MOST_FAILURES_PERCENT} % of the calls fail`,
      metric: failuresPercent(name),
      above: MOST_FAILURES_PERCENT,
      periods: 2,
    });
    this.add('Latency', {
      says: `calls take more than ${100 * SLOW_SHARE} % of their time limit (95th percentile)`,
      metric: endpointMetric(name, 'Latency', 'p95'),
      above: SLOW_SHARE * endpoint.spec.limits.timeoutMs,
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
    this.add('DeadLetters', {
      says: 'messages lie in the dead-letter queue, each with its reason',
      metric: endpoint.queues.deadLetters.metricApproximateNumberOfMessagesVisible({ period: PERIOD }),
    });
    this.add('Budget', {
      says: 'money is not in order: a call could not be held, priced or settled, or cost more than was held for it',
      metric: this.#logged('Budget', anyAlarm('over-hold', 'settlement', 'budget-unavailable', 'unpriced')),
    });
    this.add('Upstream', {
      says: 'OpenAI refuses this deployment: its key, its set-up or its quota',
      metric: this.#logged('Upstream', anyAlarm('upstream-*', 'key-*')),
    });
  }

  /** Counts log lines by their `alarm` field. */
  #logged(id: string, filterPattern: IFilterPattern): Metric {
    const { logGroup, lambda } = this.#endpoint.function;
    const metricName = `${id}Alarms`;
    const filter = new MetricFilter(this, `${id}Lines`, {
      logGroup,
      filterPattern,
      metricNamespace: NAMESPACE,
      metricName,
      metricValue: '1',
      dimensions: { Function: '$.function' },
    });
    return filter.metric({ statistic: 'Sum', period: PERIOD, dimensionsMap: { Function: lambda.functionName } });
  }
}

/** Log lines whose `alarm` field is one of these; every value that the functions write must be among them. */
function anyAlarm(...values: string[]): JsonPattern {
  return FilterPattern.any(...values.map((value) => FilterPattern.stringValue('$.alarm', '=', value)));
}

function failuresPercent(name: string): MathExpression {
  return new MathExpression({
    expression: `IF(calls >= ${FEWEST_CALLS}, 100 * failures / calls, 0)`,
    label: 'Failures %',
    usingMetrics: { calls: endpointMetric(name, 'Calls'), failures: endpointMetric(name, 'Failures') },
    period: PERIOD,
  });
}
