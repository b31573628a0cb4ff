import type { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, MetricFilter, type IFilterPattern } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { NAMESPACE, PERIOD } from './endpoint-metrics.ts';
import type { EntryFunction } from './entry-function.ts';

/**
 * Counts the lines of a function's own log that a pattern finds.
 * @param id of the filter is `<id>Lines`, and the metric's name `<id>Alarms`
 */
export function countLines(
  scope: Construct,
  id: string,
  { logGroup, lambda }: EntryFunction,
  filterPattern: IFilterPattern,
): Metric {
  const filter = new MetricFilter(scope, `${id}Lines`, {
    logGroup,
    filterPattern,
    metricNamespace: NAMESPACE,
    metricName: `${id}Alarms`,
    metricValue: '1',
    dimensions: { Function: '$.function' },
  });
  return filter.metric({ statistic: 'Sum', period: PERIOD, dimensionsMap: { Function: lambda.functionName } });
}

/** Log lines whose `alarm` field is one of these; a `*` at the end stands for anything. */
export function anyAlarm(...values: string[]): IFilterPattern {
  return FilterPattern.any(...values.map((value) => FilterPattern.stringValue('$.alarm', '=', value)));
}

/** Log lines with any `alarm` field but this one. */
export function anyAlarmBut(value: string): IFilterPattern {
  return FilterPattern.all(FilterPattern.exists('$.alarm'), FilterPattern.stringValue('$.alarm', '!=', value));
}
