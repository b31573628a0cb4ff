import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';

/** CloudWatch's namespace of everything that Weir counts itself. */
export const NAMESPACE = 'Weir';

/** Five minutes: short enough to wake somebody, long enough to be no single call. */
export const PERIOD = Duration.minutes(5);

/** What the log line of every call counts (functions/edge/call-log.ts). */
export type EndpointMetricName =
  'Calls' | 'Failures' | 'CacheHits' | 'Attempts' | 'InputTokens' | 'OutputTokens' | 'Latency' | 'CostUsd';

/** A metric of one endpoint. @param statistic as CloudWatch names it: `Sum`, `p95` */
export function endpointMetric(endpoint: string, metricName: EndpointMetricName, statistic = 'Sum'): Metric {
  return new Metric({
    namespace: NAMESPACE,
    metricName,
    statistic,
    period: PERIOD,
    dimensionsMap: { Endpoint: endpoint },
    label: statistic === 'Sum' ? metricName : `${metricName} ${statistic}`,
  });
}
