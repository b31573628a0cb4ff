import { Dashboard, GraphWidget, TextWidget, type IMetric, type IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { endpointMetric, PERIOD } from './endpoint-metrics.ts';
import type { EndpointQueues } from './endpoint-queues.ts';
import type { Endpoint } from './endpoint.ts';
import type { Gateway } from './gateway.ts';

export interface WeirDashboardProps {
  readonly stage: string;
  readonly endpoints: readonly Endpoint[];
  readonly gateway: Gateway;
}

/** Columns of CloudWatch's grid: four graphs fill a row. */
const GRAPH_COLUMNS = 6;
const ROW_COLUMNS = 24;

/** The whole deployment on one page: the API on top, then a row for each endpoint. */
export class WeirDashboard extends Dashboard {
  constructor(scope: Construct, id: string, { stage, endpoints, gateway }: WeirDashboardProps) {
    super(scope, id, {
      dashboardName: `weir-${stage}`,
      widgets: [
        [heading('# Weir', 'Dollars here are approximate: the ledger is exact, and `GET /v1/spend` reads it.')],
        apiRow(gateway),
        ...endpoints.flatMap((endpoint) => [
          [heading(`## ${endpoint.function.entryName}`, endpoint.spec.summary)],
          endpointRow(endpoint),
        ]),
      ],
    });
  }
}

function apiRow({ api: { deploymentStage: stage }, authorizerFailures }: Gateway): IWidget[] {
  const options = { period: PERIOD };
  return [
    graph('Requests', [stage.metricCount(options)]),
    graph('Refused and failed', [stage.metricClientError(options), stage.metricServerError(options)]),
    graph('Latency', [
      stage.metricLatency({ ...options, statistic: 'p50' }),
      stage.metricLatency({ ...options, statistic: 'p95' }),
    ]),
    graph('Authorizer', [authorizerFailures]),
  ];
}

function endpointRow({ function: { entryName: name, lambda }, queues }: Endpoint): IWidget[] {
  const options = { period: PERIOD };
  return [
    graph('Calls', [
      endpointMetric(name, 'Calls'),
      endpointMetric(name, 'CacheHits'),
      endpointMetric(name, 'Failures'),
      lambda.metricErrors({ ...options, label: 'Crashes' }),
      lambda.metricThrottles({ ...options, label: 'Throttles' }),
    ]),
    graph('Latency', [endpointMetric(name, 'Latency', 'p50'), endpointMetric(name, 'Latency', 'p95')]),
    graph(
      'Cost and tokens',
      [endpointMetric(name, 'CostUsd')],
      [endpointMetric(name, 'InputTokens'), endpointMetric(name, 'OutputTokens')],
    ),
    ...(queues ? [queueGraph(queues)] : []),
  ];
}

function queueGraph({ work, deadLetters }: EndpointQueues): GraphWidget {
  const options = { period: PERIOD };
  return graph('Queue', [
    work.metricApproximateNumberOfMessagesVisible({ ...options, label: 'Waiting' }),
    work.metricApproximateAgeOfOldestMessage({ ...options, label: 'Oldest, seconds' }),
    deadLetters.metricApproximateNumberOfMessagesVisible({ ...options, label: 'Dead' }),
  ]);
}

function graph(title: string, left: IMetric[], right: IMetric[] = []): GraphWidget {
  return new GraphWidget({ title, left, right, width: GRAPH_COLUMNS, height: 5 });
}

function heading(title: string, text: string): TextWidget {
  return new TextWidget({ markdown: `${title}\n${text}`, width: ROW_COLUMNS, height: 2 });
}
