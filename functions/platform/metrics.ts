/** CloudWatch's units that Weir uses. */
export type MetricUnit = 'Count' | 'Milliseconds' | 'None';

export interface Metric {
  readonly name: string;
  readonly unit: MetricUnit;
  readonly value: number;
}

const NAMESPACE = 'Weir';

/**
 * One line of CloudWatch's embedded metric format
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
 * EMF is at-least-once: good for dashboards and alarms, never for bills.
 */
export function metricLine(
  dimensions: Readonly<Record<string, string>>,
  metrics: readonly Metric[],
  nowMs: number,
): string {
  const values = Object.fromEntries(metrics.map((metric) => [metric.name, metric.value]));
  return JSON.stringify({
    _aws: {
      Timestamp: nowMs,
      CloudWatchMetrics: [
        {
          Namespace: NAMESPACE,
          Dimensions: [Object.keys(dimensions)],
          Metrics: metrics.map((metric) => ({ Name: metric.name, Unit: metric.unit })),
        },
      ],
    },
    ...dimensions,
    ...values,
  });
}
