import type { AtRest } from './at-rest.ts';
import type { Row } from './report.ts';

/** The rows of what a process holds at the end that it did not hold at first: all but the heap. */
export function leftBehind(first: AtRest, last: AtRest): Row[] {
  const row = (name: string, of: Exclude<keyof AtRest, 'heapBytes'>): Row => ({
    name,
    measured: last[of] - first[of],
    unit: 'left over',
    aim: 0,
    note: `${last[of]} in all`,
  });
  return [
    row('timers', 'timers'),
    row('sockets and files', 'descriptors'),
    row('process listeners', 'processListeners'),
    row('performance entries', 'performanceEntries'),
  ];
}

/** The heap of each look, in the order in which they were made. */
export function heapsOf(...looks: readonly AtRest[]): string {
  return looks.map(({ heapBytes }) => `${(heapBytes / 1e6).toFixed(2)} MB`).join(' → ');
}
