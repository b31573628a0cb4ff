import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Alarms } from '../constructs/alarms.ts';
import { WeirDashboard } from '../constructs/weir-dashboard.ts';
import type { Endpoint } from '../constructs/endpoint.ts';
import { PERIOD } from '../constructs/endpoint-metrics.ts';
import type { EntryFunction } from '../constructs/entry-function.ts';
import type { Gateway } from '../constructs/gateway.ts';
import { ScheduleAlarms } from '../constructs/schedule-alarms.ts';
import type { Schedule } from '../constructs/schedule.ts';
import { slugOf } from '../inventory.ts';

export interface ObservabilityStackProps extends StackProps {
  readonly stage: string;
  readonly endpoints: readonly Endpoint[];
  readonly schedules: readonly Schedule[];
  readonly gateway: Gateway;
  readonly authorizer: EntryFunction;
  /** Where alarms go. @default they are only seen */
  readonly alarmTopicArn?: string | undefined;
}

/** Errors of the API in a period that are worth a look: one is bad luck. */
const MOST_SERVER_ERRORS = 5;

/** One dashboard over everything, and the alarms of what all endpoints share, and of schedules. Endpoints' own stand beside them. */
export class ObservabilityStack extends Stack {
  readonly dashboard: WeirDashboard;
  readonly alarms: Alarms;
  readonly scheduleAlarms: readonly ScheduleAlarms[];

  constructor(scope: Construct, id: string, props: ObservabilityStackProps) {
    super(scope, id, { description: 'Weir: dashboard and alarms', ...props });
    const { stage, endpoints, schedules, gateway, authorizer, alarmTopicArn } = props;
    this.dashboard = new WeirDashboard(this, 'Dashboard', { stage, endpoints, gateway });
    this.alarms = new Alarms(this, 'Alarms', { subject: 'The API', alarmTopicArn });
    this.#watchAuthorizer(gateway, authorizer);
    this.#watchReplies(gateway);
    this.scheduleAlarms = schedules.map(
      (schedule) => new ScheduleAlarms(this, slugOf(schedule.function.entryName), { schedule, alarmTopicArn }),
    );
  }

  #watchAuthorizer({ authorizerFailures }: Gateway, { lambda }: EntryFunction): void {
    this.alarms.add('Authorizer', {
      says: 'nobody gets in, because the authorizer fails; wrong keys do not count',
      metric: authorizerFailures,
    });
    this.alarms.add('AuthorizerThrottles', {
      says: 'Lambda turns the authorizer’s calls away: raise the account’s concurrency',
      metric: lambda.metricThrottles({ period: PERIOD }),
    });
  }

  #watchReplies({ api }: Gateway): void {
    this.alarms.add('ServerErrors', {
      says: `more than ${MOST_SERVER_ERRORS} replies in five minutes are 5xx`,
      metric: api.deploymentStage.metricServerError({ statistic: 'Sum', period: PERIOD }),
      above: MOST_SERVER_ERRORS,
      periods: 2,
    });
  }
}
