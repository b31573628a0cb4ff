import { expect, test } from 'vitest';
import { metricLine } from '#platform/metrics.ts';

test('a line is CloudWatch’s embedded metric format: directives that name the members beside them', () => {
  const line = metricLine(
    { Endpoint: 'summarize' },
    [
      { name: 'Calls', unit: 'Count', value: 1 },
      { name: 'Latency', unit: 'Milliseconds', value: 12.5 },
    ],
    1_795_348_800_000,
  );
  expect(JSON.parse(line)).toEqual({
    _aws: {
      Timestamp: 1_795_348_800_000,
      CloudWatchMetrics: [
        {
          Namespace: 'Weir',
          Dimensions: [['Endpoint']],
          Metrics: [
            { Name: 'Calls', Unit: 'Count' },
            { Name: 'Latency', Unit: 'Milliseconds' },
          ],
        },
      ],
    },
    Endpoint: 'summarize',
    Calls: 1,
    Latency: 12.5,
  });
  expect(line).not.toContain('\n');
});
