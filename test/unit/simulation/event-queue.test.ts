import { expect, test } from 'vitest';
import { EventQueue } from '#test/bench/simulation/event-queue.ts';
import { seededRandom } from '#test/support/seeded-random.ts';

test('actions come in the order of their moments, and of their planning where moments are equal', () => {
  const queue = new EventQueue();
  const random = seededRandom(3);
  const planned = Array.from({ length: 5000 }, (_, order) => ({ atMs: Math.floor(random() * 500), order }));
  const done: typeof planned = [];
  for (const each of planned) queue.after(each.atMs, () => done.push(each));
  queue.runOut();
  expect(done).toEqual(planned.toSorted((a, b) => a.atMs - b.atMs || a.order - b.order));
});

test('time stands where a run stops, and what is planned later waits', () => {
  const queue = new EventQueue();
  const done: number[] = [];
  queue.after(10, () => {
    done.push(queue.nowMs);
    queue.after(0, () => done.push(queue.nowMs));
    queue.after(15, () => done.push(queue.nowMs));
  });
  queue.runUntil(20);
  expect([queue.nowMs, done]).toEqual([20, [10, 10]]);
  queue.runUntil(25);
  expect(done).toEqual([10, 10, 25]);
});
