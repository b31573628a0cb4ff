import { Alarm, ComparisonOperator, TreatMissingData, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
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

/** Alarms about one thing. No data means that nothing happened, which is no alarm. */
export class Alarms extends Construct {
  readonly #subject: string;
  readonly #action: SnsAction | undefined;

  constructor(scope: Construct, id: string, { subject, alarmTopicArn }: AlarmsProps) {
    super(scope, id);
    this.#subject = subject;
    this.#action = alarmTopicArn ? new SnsAction(Topic.fromTopicArn(this, 'Topic', alarmTopicArn)) : undefined;
  }

  add(id: string, { says, metric, above = 0, periods = 1 }: AlarmTerms): Alarm {
    const alarm = new Alarm(this, id, {
      alarmDescription: `${this.#subject}: ${says}`,
      metric,
      threshold: above,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    if (this.#action) alarm.addAlarmAction(this.#action);
    return alarm;
  }
}
