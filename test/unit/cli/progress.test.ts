import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createProgress } from '#infra/cli/progress.ts';
import { FakeClock } from '#test/support/fake-clock.ts';

function shownOn(stream: PassThrough): string {
  return String(stream.read() ?? '');
}

test('a log gets a plain line every two seconds, and the last word', async () => {
  const [stderr, clock] = [new PassThrough(), new FakeClock()];
  const progress = createProgress(stderr, clock);

  progress.update('1 of 3');
  progress.update('2 of 3');
  await clock.advance(2_000);
  progress.update('2 of 3');
  progress.clear();
  progress.end('3 of 3');

  expect(shownOn(stderr)).toBe('1 of 3\n2 of 3\n3 of 3\n');
});

test('a terminal gets one line that changes, no wider than it is', async () => {
  const [stderr, clock] = [Object.assign(new PassThrough(), { isTTY: true, columns: 10 }), new FakeClock()];
  const progress = createProgress(stderr, clock);

  progress.update('a long state of things');
  progress.update('too soon');
  expect(shownOn(stderr)).toBe('\r\u001B[Ka long st');
  await clock.advance(100);
  progress.update('later');
  progress.end('all of what there is to say');

  expect(shownOn(stderr)).toBe('\r\u001B[Klater\r\u001B[Kall of what there is to say\n');
});

test('a line that made room for a result is back with the next update', () => {
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  const progress = createProgress(stderr, new FakeClock());

  progress.update('one');
  progress.clear();
  progress.clear();
  progress.update('one');

  expect(shownOn(stderr)).toBe('\r\u001B[Kone\r\u001B[K\r\u001B[Kone');
});
