import { expect, test } from 'vitest';
import { defineSchedule, ScheduleFailed, type ScheduleContext } from '#edge/define-schedule.ts';
import { redactLine } from '#edge/redact-line.ts';
import { parseConfig } from '#platform/config.ts';
import { createPlatform } from '#platform/platform.ts';
import { FakeClock } from '#test/support/fake-clock.ts';
import { scheduledEvent } from '#test/support/lambda-events.ts';
import { testKey } from '#test/support/test-key.ts';

type Definition = Parameters<typeof defineSchedule>[0];

/** A scheduled function that is invoked as Lambda would, with 62.5 s to live. */
function sweep(handle: Definition['handle'], definition: Partial<Definition> = {}) {
  const clock = new FakeClock();
  const lines: string[] = [];
  const config = parseConfig({ AWS_ENDPOINT_URL: 'http://127.0.0.1:1' });
  const platform = createPlatform({ clock, config, redact: redactLine, writeLine: (line) => void lines.push(line) });
  const { handler, spec } = defineSchedule({ summary: 'Sweeps.', everyMinutes: 5, ...definition, handle });
  const invoke = handler.bindTo({ name: 'finance/sweep', platform });
  const run = () =>
    invoke(scheduledEvent(clock.nowMs()), { awsRequestId: 'run-1', getRemainingTimeInMillis: () => 62_500 });
  return { clock, lines, platform, spec, run };
}

test('a schedule’s spec has its defaults, and what it says itself', () => {
  const plain = sweep(async () => {}).spec;
  expect(plain).toEqual({
    kind: 'schedule',
    summary: 'Sweeps.',
    everyMinutes: 5,
    reads: [],
    writes: [],
    notifies: false,
    catalog: false,
    timeoutMs: 60_000,
    memoryMb: 256,
  });
  const own = { reads: ['callers'], writes: ['budgets'], notifies: true, timeoutMs: 1 } as const;
  expect(sweep(async () => {}, own).spec).toMatchObject(own);
});

test('a run is told its id, when its process is killed, and when its time is over', async () => {
  const told: ScheduleContext[] = [];
  const goOn = Promise.withResolvers<void>();
  const { clock, run, platform } = sweep(async (given, context) => {
    expect(given).toBe(platform);
    told.push(context);
    await goOn.promise;
    return 3;
  });
  const startedMs = clock.nowMs();
  const running = run();
  const [context] = told;
  expect(context).toMatchObject({ requestId: 'run-1', killAtMs: startedMs + 62_500 });
  await clock.advance(59_999);
  expect(context!.signal.aborted).toBe(false);
  await clock.advance(1);
  expect(context!.signal.aborted).toBe(true);
  goOn.resolve();
  expect(await running).toBe(3);
});

test('a run leaves no timer behind, whether it ends well or not', async () => {
  const well = sweep(async () => {});
  await well.run();
  const badly = sweep(() => Promise.reject(new Error('no')));
  await expect(badly.run()).rejects.toThrow();
  expect([well.clock.pending, badly.clock.pending]).toEqual([0, 0]);
});

test('D1 a run that fails is one masked line of log, and an error of which the runtime may print all', async () => {
  const key = testKey('schedule');
  const { run, lines } = sweep(() => {
    throw new RangeError(`bad ${key}`, { cause: key });
  });
  const thrown = await run().catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(ScheduleFailed);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({
    level: 'ERROR',
    requestId: 'run-1',
    schedule: 'finance/sweep',
    error: { name: 'RangeError', message: expect.stringMatching(/^bad /) },
    at: expect.stringContaining('define-schedule.test.ts'),
  });
  const { name, message, stack, cause } = thrown as Error;
  expect(`${lines.join('')}${name}${message}${stack}${String(cause)}`).not.toContain(key.slice(0, 12));
});
