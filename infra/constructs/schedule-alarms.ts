import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { anyAlarmBut, anyAlarm, countLines } from './alarm-lines.ts';
import { Alarms, type AlarmsProps } from './alarms.ts';
import { PERIOD } from './endpoint-metrics.ts';
import type { Schedule } from './schedule.ts';

export interface ScheduleAlarmsProps extends Pick<AlarmsProps, 'alarmTopicArn'> {
  readonly schedule: Schedule;
}

/** Runs that must be missing before somebody hears of it; 15 minutes without one for a schedule of five minutes or less. */
const MISSED_RUNS = 3;
/** CloudWatch looks back a week at most. */
const LONGEST_SILENCE_MINUTES = 7 * 24 * 60;

/** What somebody should hear of when a schedule does not do its work, or finds what it should not. */
export class ScheduleAlarms extends Alarms {
  constructor(scope: Construct, id: string, { schedule, ...props }: ScheduleAlarmsProps) {
    const { function: handler } = schedule;
    super(scope, id, { subject: handler.entryName, ...props });

    this.add('Failures', {
      says: 'a run failed; what it left undone is left to the next one',
      metric: handler.lambda.metricErrors({ period: PERIOD }),
    });
    this.#watchSilence(schedule);
    this.add('LostSpend', {
      says: 'calls died with money held: what they may have cost is booked as unknown, at its upper bound',
      metric: countLines(this, 'LostSpend', handler, anyAlarm('lost-spend')),
    });
    // Whatever else it logs with an `alarm`, for not every schedule raises the same ones.
    this.add('Faults', {
      says: 'it says in its log, in a line with `alarm`, that something is wrong',
      metric: countLines(this, 'Faults', handler, anyAlarmBut('lost-spend')),
    });
  }

  #watchSilence({ function: { lambda }, spec: { everyMinutes } }: Schedule): void {
    const minutes = Math.max(PERIOD.toMinutes(), everyMinutes);
    const periods = Math.min(MISSED_RUNS, Math.floor(LONGEST_SILENCE_MINUTES / minutes));
    // A single period would ring for a run that comes a second late.
    if (periods < 2) return;
    this.addSilence('Silence', {
      says: `no run in ${periods * minutes} minutes; there should be one every ${everyMinutes} min`,
      metric: lambda.metricInvocations({ period: Duration.minutes(minutes) }),
      periods,
    });
  }
}
