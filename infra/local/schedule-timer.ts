import type { RotationSpec, ScheduleSpec } from '#edge/specs.ts';
import type { Clock } from '#platform/clock.ts';
import type { Log } from '#platform/log.ts';
import type { HostedFunction } from './lambda-host.ts';

export interface ScheduleTimerOptions {
  readonly functions: readonly HostedFunction[];
  readonly clock: Clock;
  /** Hears of runs that failed. */
  readonly log: Log;
}

/**
 * EventBridge on this machine: invokes every scheduled function now, and then each time its minutes are over. One run of a
 * function at a time: one that takes longer than its minutes is followed by the next at once.
 *
 * @returns what ends it: no run begins any more, and it resolves when those under way are over
 */
export function startSchedules({ functions, clock, log }: ScheduleTimerOptions): () => Promise<void> {
  const stops = functions.flatMap((hosted) => {
    const { spec } = hosted.entry;
    return spec.kind === 'schedule' || spec.kind === 'rotation' ? [keepRunning(hosted, spec, clock, log)] : [];
  });
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
  };
}

function keepRunning(hosted: HostedFunction, { everyMinutes }: ScheduleSpec | RotationSpec, clock: Clock, log: Log) {
  let stopped = false;
  let cancel = () => {};
  let running = Promise.resolve();

  const run = async (): Promise<void> => {
    const startedMs = clock.nowMs();
    try {
      await hosted.invoke(scheduledEvent(startedMs));
    } catch (error) {
      log.error('a scheduled function did not end well', { schedule: hosted.entry.name, error });
    }
    if (stopped) return;
    const nextMs = startedMs + everyMinutes * 60_000;
    cancel = clock.startTimer(begin, Math.max(0, nextMs - clock.nowMs()));
  };
  const begin = (): void => void (running = run());

  begin();
  return (): Promise<void> => {
    stopped = true;
    cancel();
    return running;
  };
}

/** The parts of EventBridge's event that say what it is; no function reads them. */
function scheduledEvent(atMs: number): object {
  return { source: 'aws.events', 'detail-type': 'Scheduled Event', time: new Date(atMs).toISOString(), detail: {} };
}
