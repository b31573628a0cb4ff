import { expect, test } from 'vitest';
import { sleep } from '#platform/clock.ts';
import { startDeadline } from '#platform/deadline.ts';
import { CallerGone } from '#platform/errors.ts';
import { FakeClock } from '#test/support/fake-clock.ts';

test('a deadline aborts at its moment, and not before', async () => {
  const clock = new FakeClock();
  const deadline = startDeadline(clock, clock.nowMs() + 1_000);
  await clock.advance(999);
  expect([deadline.signal.aborted, deadline.remainingMs()]).toEqual([false, 1]);
  await clock.advance(1);
  expect(deadline.signal.reason).toMatchObject({ code: 'deadline_exceeded', details: { limitMs: 1_000 } });
  await clock.advance(1_000);
  expect(deadline.remainingMs()).toBe(0);
});

test('one that lies in the past aborts at once', async () => {
  const clock = new FakeClock();
  const deadline = startDeadline(clock, clock.nowMs() - 5);
  await clock.advance(0);
  expect([deadline.signal.aborted, deadline.remainingMs()]).toEqual([true, 0]);
});

test('a caller that goes away ends it with that reason, which the deadline does not change', async () => {
  const clock = new FakeClock();
  const deadline = startDeadline(clock, clock.nowMs() + 1_000);
  const gone = new CallerGone();
  deadline.cancel(gone);
  await clock.advance(2_000);
  expect([deadline.signal.reason, clock.pending]).toEqual([gone, 0]);
});

test('D10 what is disposed of leaves no timer', () => {
  const clock = new FakeClock();
  startDeadline(clock, clock.nowMs() + 1_000).dispose();
  expect(clock.pending).toBe(0);
});

test('R7 a wait ends with its signal, and leaves no timer', async () => {
  const clock = new FakeClock();
  const controller = new AbortController();
  const waiting = sleep(clock, 60_000, controller.signal);
  controller.abort(new CallerGone());
  await expect(waiting).rejects.toBeInstanceOf(CallerGone);
  expect(clock.pending).toBe(0);
  await expect(sleep(clock, 60_000, controller.signal)).rejects.toBeInstanceOf(CallerGone);
  expect(clock.pending).toBe(0);
});
