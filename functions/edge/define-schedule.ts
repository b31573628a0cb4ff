import { startDeadline } from '#platform/deadline.ts';
import type { Platform } from '#platform/platform.ts';
import { entryHandler, type BufferedEntryHandler } from './entry-handler.ts';
import { errorPlace } from './error-place.ts';
import type { ScheduleSpec } from './specs.ts';

/** What one run of a scheduled function is told beside the platform. */
export interface ScheduleContext {
  /** The platform's id of this run, for the logs. */
  readonly requestId: string;
  /** When the platform kills this process (epoch ms). */
  readonly killAtMs: number;
  /** Aborts when the definition's `timeoutMs` is over: what is not begun by then waits for the next run. */
  readonly signal: AbortSignal;
}

export interface ScheduleDefinition extends Pick<ScheduleSpec, 'summary' | 'everyMinutes'> {
  readonly reads?: ScheduleSpec['reads'];
  readonly writes?: ScheduleSpec['writes'];
  readonly notifies?: boolean;
  readonly catalog?: boolean;
  /** How long its work may take. @default 60,000 */
  readonly timeoutMs?: number;
  /** @default 256 */
  readonly memoryMb?: number;
  /** One run. What it gives is for tests: Lambda drops it. */
  readonly handle: (platform: Platform, context: ScheduleContext) => Promise<unknown>;
}

/**
 * What Lambda is told of a run that failed. Its runtime writes an error's message and stack to the log as they are, so the
 * cause stands in a log line of our own, masked, and not in here.
 */
export class ScheduleFailed extends Error {
  constructor(name: string) {
    super(`${name} failed; the log says why`);
    this.name = 'ScheduleFailed';
  }
}

/**
 * A scheduled function from its definition. Runs may overlap and repeat (EventBridge invokes at least once), so `handle`
 * must bear both.
 */
export function defineSchedule({ handle, ...definition }: ScheduleDefinition): {
  readonly handler: BufferedEntryHandler;
  readonly spec: ScheduleSpec;
} {
  const spec: ScheduleSpec = {
    reads: [],
    writes: [],
    notifies: false,
    catalog: false,
    timeoutMs: 60_000,
    memoryMb: 256,
    ...definition,
    kind: 'schedule',
  };
  const handler = entryHandler(({ name, platform }) => async (_event, context) => {
    const { clock, log } = platform;
    const requestId = context.awsRequestId;
    const startedMs = clock.nowMs();
    const deadline = startDeadline(clock, startedMs + spec.timeoutMs);
    try {
      const killAtMs = startedMs + context.getRemainingTimeInMillis();
      return await handle(platform, { requestId, killAtMs, signal: deadline.signal });
    } catch (error) {
      log.error('a scheduled function failed', { requestId, schedule: name, error, at: errorPlace(error) });
      throw new ScheduleFailed(name);
    } finally {
      deadline.dispose();
    }
  });
  return { handler, spec };
}
