import { beforeEach, expect, test } from 'vitest';
import type { HostedFunction } from '#infra/local/lambda-host.ts';
import { startSchedules } from '#infra/local/schedule-timer.ts';
import { createLog } from '#platform/log.ts';
import { FakeClock } from '#test/support/fake-clock.ts';

const MINUTE_MS = 60_000;

let clock: FakeClock;
let lines: string[];
/** Runs that began, with the minute in which each did. */
let runs: string[];
beforeEach(() => {
  clock = new FakeClock();
  lines = [];
  runs = [];
});

function scheduled(name: string, everyMinutes: number, run: () => Promise<unknown> = async () => {}): HostedFunction {
  const startedMs = clock.nowMs();
  return {
    entry: { name, spec: { kind: 'schedule', everyMinutes } },
    invoke: () => {
      runs.push(`${name} ${(clock.nowMs() - startedMs) / MINUTE_MS}`);
      return run();
    },
  } as unknown as HostedFunction;
}

/** Settles when the first runs that end at once have ended. */
async function start(...functions: HostedFunction[]) {
  const log = createLog({ redact: (text) => text, write: (line) => lines.push(line), nowMs: () => clock.nowMs() });
  const stop = startSchedules({ functions, clock, log });
  await clock.advance(0);
  return stop;
}

test('each scheduled function runs at the start, and then as often as it says', async () => {
  const route = { entry: { name: 'route', spec: { kind: 'route' } } } as unknown as HostedFunction;
  const stop = await start(scheduled('sweep', 2), route, scheduled('notice', 3));
  await clock.advance(6 * MINUTE_MS);
  expect(runs.sort()).toEqual(['notice 0', 'notice 3', 'notice 6', 'sweep 0', 'sweep 2', 'sweep 4', 'sweep 6']);
  await stop();
});

test('one run at a time: a long one is followed by the next at once, and keeps no other from running', async () => {
  let ends: PromiseWithResolvers<void> = Promise.withResolvers();
  const stop = await start(
    scheduled('slow', 1, () => ends.promise),
    scheduled('sweep', 2),
  );
  await clock.advance(5 * MINUTE_MS);
  expect(runs).toEqual(['slow 0', 'sweep 0', 'sweep 2', 'sweep 4']);
  const later = Promise.withResolvers<void>();
  ends.resolve();
  ends = later;
  // Due at once, and so in a turn of its own.
  await clock.advance(0);
  await clock.advance(0);
  expect(runs.slice(4)).toEqual(['slow 5']);
  later.resolve();
  await stop();
});

test('a run that fails is told in the log, and the next one comes', async () => {
  const stop = await start(scheduled('sweep', 1, () => Promise.reject(new Error('gone'))));
  await clock.advance(MINUTE_MS);
  expect(runs).toEqual(['sweep 0', 'sweep 1']);
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject(
    runs.map(() => ({ level: 'ERROR', schedule: 'sweep', error: { message: 'gone' } })),
  );
  await stop();
});

test('a stop waits for what is under way, and nothing begins after it', async () => {
  const ends = Promise.withResolvers<void>();
  const stop = await start(
    scheduled('slow', 1, () => ends.promise),
    scheduled('sweep', 1),
  );
  let stopped = false;
  const stopping = stop().then(() => (stopped = true));
  await clock.advance(5 * MINUTE_MS);
  expect(stopped).toBe(false);
  ends.resolve();
  await stopping;
  await clock.advance(5 * MINUTE_MS);
  expect([runs, clock.pending]).toEqual([['slow 0', 'sweep 0'], 0]);
});
