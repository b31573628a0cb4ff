import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule as Rate } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import type { RotationSpec, ScheduleSpec } from '#edge/specs.ts';
import type { BundleOf } from './bundle-of.ts';
import type { State } from './state.ts';
import { TableFunction } from './table-function.ts';

export interface ScheduleProps {
  readonly bundle: BundleOf<'schedule'> | BundleOf<'rotation'>;
  readonly state: State;
  /** Further variables of the function. What is given here stays as it is. @default none */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Lambda keeps an event that it could not start for so long at most, EventBridge for four times as long. */
const LONGEST_WAIT_MINUTES = 6 * 60;

/** Work that the clock starts: a function that reaches what its spec implies, and the rule that calls it. */
export class Schedule extends Construct {
  readonly spec: ScheduleSpec | RotationSpec;
  readonly function: TableFunction;

  constructor(scope: Construct, id: string, { bundle, state, environment }: ScheduleProps) {
    super(scope, id);
    this.spec = bundle.entry.spec;
    const { tables, notices } = state;
    const notifies = this.spec.kind === 'schedule' && this.spec.notifies;
    this.function = new TableFunction(this, 'Handler', {
      bundle,
      tables,
      environment: { ...(notifies && { WEIR_NOTICE_TOPIC_ARN: notices.topicArn }), ...environment },
    });
    if (notifies) this.function.allow(notices.topicArn, 'sns:Publish');
    this.#startEvery(this.spec.everyMinutes);
  }

  /**
   * A run is not repeated, neither by EventBridge, which hands the event over, nor by Lambda, which queues it: what a run
   * that failed has left, the next one finds, and a run that starts when the next one is due would only do its work twice.
   */
  #startEvery(everyMinutes: number): void {
    const terms = { retryAttempts: 0, maxEventAge: Duration.minutes(Math.min(everyMinutes, LONGEST_WAIT_MINUTES)) };
    this.function.lambda.configureAsyncInvoke(terms);
    const rule = new Rule(this, 'Rule', {
      description: this.spec.summary,
      schedule: Rate.rate(Duration.minutes(everyMinutes)),
    });
    rule.addTarget(new LambdaFunction(this.function.lambda, terms));
  }
}
