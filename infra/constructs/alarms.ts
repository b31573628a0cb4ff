import {
  Alarm,
  ComparisonOperator,
  MathExpression,
  TreatMissingData,
  type AlarmProps,
  type IMetric,
  type Metric,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

export interface AlarmsProps {
  /** What the alarms are about, in their descriptions: an endpoint's name, `the API`. */
  readonly subject: string;
  /** Where alarms go. @default they are only seen */
  readonly alarmTopicArn?: string | undefined;
}

export interface AlarmTerms {
  /** What is wrong, and what to look at. Goes behind the subject. */
  readonly says: string;
  readonly metric: IMetric;
  /** Above this it rings. @default 0 */
  readonly above?: number;
  /** Periods in a row. @default 1 */
  readonly periods?: number;
}

export interface SilenceTerms extends Pick<AlarmTerms, 'says'> {
  /** What should be counted. */
  readonly metric: Metric;
  /** Periods in a row in which nothing was. */
  readonly periods: number;
}

/** Alarms about one thing. */
export class Alarms extends Construct {
  readonly #subject: string;
  readonly #action: SnsAction | undefined;

  constructor(scope: Construct, id: string, { subject, alarmTopicArn }: AlarmsProps) {
    super(scope, id);
    this.#subject = subject;
    this.#action = alarmTopicArn ? new SnsAction(Topic.fromTopicArn(this, 'Topic', alarmTopicArn)) : undefined;
  }

  /** Rings when something happens. No data means that nothing did, which is no alarm. */
  add(id: string, { says, metric, above = 0, periods = 1 }: AlarmTerms): Alarm {
    return this.#alarm(id, says, {
      metric,
      threshold: above,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  /**
   * Rings when nothing happens. No data means just that; but by missing data alone it would ring some periods late, for
   * CloudWatch looks further back than it is asked to for something to judge by
   * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html). So zeros are filled in.
   */
  addSilence(id: string, { says, metric, periods }: SilenceTerms): Alarm {
    return this.#alarm(id, says, {
      metric: new MathExpression({
        expression: 'FILL(counted, 0)',
        usingMetrics: { counted: metric },
        period: metric.period,
      }),
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: TreatMissingData.BREACHING,
    });
  }

  #alarm(id: string, says: string, props: AlarmProps): Alarm {
    const alarm = new Alarm(this, id, { alarmDescription: `${this.#subject}: ${says}`, ...props });
    if (this.#action) alarm.addAlarmAction(this.#action);
    return alarm;
  }
}
