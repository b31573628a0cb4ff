import { beforeEach, expect, test } from 'vitest';
import { DynamoDb, type Seen, type Written } from '#test/bench/simulation/dynamodb.ts';
import { EventQueue } from '#test/bench/simulation/event-queue.ts';
import { Part } from '#test/bench/simulation/part.ts';
import { seededRandom } from '#test/support/seeded-random.ts';

let queue: EventQueue;
let dynamo: DynamoDb;

beforeEach(() => {
  queue = new EventQueue();
  dynamo = new DynamoDb(queue, seededRandom(7));
});

function part(bytes: number): Part {
  return new Part(100, bytes, { available: 0, spent: 0 });
}

/** One write and its outcome, after as long as it takes. */
function write(to: Part, { addedBytes = 0, attempts = 1, holds = true } = {}): Written {
  let outcome: Written | undefined;
  const act = () => holds;
  dynamo.write(to, addedBytes, attempts, act, (written) => (outcome = written));
  queue.runOut();
  return outcome!;
}

test('a write costs by the whole item, the larger of before and after', () => {
  write(part(5000), { addedBytes: 100 });
  expect(dynamo.usage.writeUnits).toBe(5);
  write(part(5100), { addedBytes: 100 });
  expect(dynamo.usage.writeUnits).toBe(5 + 6);
  write(part(5200), { addedBytes: -100 });
  expect(dynamo.usage.writeUnits).toBe(5 + 6 + 6);
});

test('a condition that fails costs as much as one that holds', () => {
  expect(write(part(5000), { holds: false })).toBe('condition failed');
  expect(dynamo.usage).toMatchObject({ writeUnits: 5, conditionsFailed: 1 });
});

test('an item of more than 400 KB is refused', () => {
  expect(write(part(409_550), { addedBytes: 60 })).toBe('too large');
  expect(write(part(409_550), { addedBytes: 50 })).toBe('written');
});

test('what is sent once is throttled at once', () => {
  const busy = part(1);
  busy.partition.takeWrite(1000, 0);
  const pending: Written[] = [];
  for (let time = 0; time < 100; time++) {
    dynamo.write(
      busy,
      0,
      1,
      () => true,
      (written) => pending.push(written),
    );
  }
  queue.runOut();
  expect(pending.filter((written) => written === 'throttled').length).toBeGreaterThan(50);
  expect(dynamo.usage.writes).toBe(100);
});

test('what may be repeated gets through when the partition has units again', () => {
  const busy = part(50_000);
  busy.partition.takeWrite(1000, 0);
  expect(write(busy, { attempts: 20 })).toBe('written');
  expect(dynamo.usage.throttledWrites).toBeGreaterThan(0);
  expect(dynamo.usage.writeUnits).toBe(49);
});

test('a look is not answered when one of its parts stays throttled', () => {
  const [calm, busy] = [part(1), part(4096 * 100)];
  busy.partition.takeRead(3000, 0);
  let seen: readonly Seen[] | undefined | 'none yet' = 'none yet';
  // 100 units come back in 33 ms; but others ask too.
  const drain = () => {
    busy.partition.takeRead(30, queue.nowMs);
    if (queue.nowMs < 2000) queue.after(5, drain);
  };
  drain();
  dynamo.read([calm, busy], (answer) => (seen = answer));
  queue.runUntil(1500);
  expect(seen).toBeUndefined();
  expect(dynamo.usage).toMatchObject({ reads: 4, throttledReads: 3, readUnits: 1 });
});

test('an answer takes a while: five milliseconds in the middle, more for the last of many', () => {
  const times = (requests: number) =>
    Array.from({ length: 2001 }, () => {
      const fromMs = queue.nowMs;
      dynamo.read(
        Array.from({ length: requests }, () => part(1)),
        () => undefined,
      );
      queue.runOut();
      return queue.nowMs - fromMs;
    }).toSorted((a, b) => a - b);
  const one = times(1);
  expect(one[1000]).toBeCloseTo(5, 0);
  expect(one[1980]).toBeGreaterThan(10);
  expect(times(50)[1000]).toBeGreaterThan(10);
});
