import type { World } from './world.ts';

/** A process: what stands between two yields happens at once, and anything may happen at a yield. */
export type Steps<T> = Generator<void, T, void>;

export const SILENT = 'silent';

/** Thrown at a request that comes after the kill time of its process. */
export const TIME_IS_UP = new Error('time is up');

/** Asked right before a request is sent. */
export type Guard = () => void;

/** Longest that a request may be on its way after its sender gave it up. */
export const LATEST_SECONDS = 25;

/** What becomes of a request without an answer: it landed, lands later, or never. Undefined: it was answered. */
function fate<T>(world: World, land: () => T): { answer: T } | undefined {
  if (!world.chance(world.silence)) return { answer: land() };
  const kind = world.random();
  if (kind < 0.4) land();
  else if (kind < 0.8) world.late.push({ at: world.now + world.whole(1, LATEST_SECONDS), land });
  return undefined;
}

/** A request that takes money: sent once. */
export function* once<T>(world: World, land: () => T, guard?: Guard): Steps<T | typeof SILENT> {
  yield;
  guard?.();
  const answered = fate(world, land);
  if (!answered) world.note('a request without an answer');
  return answered ? answered.answer : SILENT;
}

/** Any other request: repeated until it is answered. Copies that were given up may land late. */
export function* sure<T>(world: World, land: () => T, guard?: Guard): Steps<T> {
  for (;;) {
    yield;
    guard?.();
    const answered = fate(world, land);
    if (answered) return answered.answer;
  }
}

/** Time passes, for this process at least. */
export function* asleep(world: World, seconds: number): Steps<void> {
  world.sleep = seconds;
  yield;
}

/** Work side by side: any of it may be next. */
export function* together<T>(world: World, works: readonly Steps<T>[]): Steps<T[]> {
  const results: T[] = [];
  const left = works.map((work, index) => ({ work, index }));
  while (left.length > 0) {
    const at = world.whole(0, left.length - 1);
    const { work, index } = left[at] as { work: Steps<T>; index: number };
    const step = work.next();
    if (step.done) {
      results[index] = step.value;
      left.splice(at, 1);
    } else yield;
  }
  return results;
}
