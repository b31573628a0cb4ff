import { readdirSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

/** What a process holds on to when nothing is under way. */
export interface AtRest {
  readonly heapBytes: number;
  readonly timers: number;
  /** Open files and sockets. */
  readonly descriptors: number;
  readonly processListeners: number;
  readonly performanceEntries: number;
}

/** Looks at this process, after garbage collection where it was started with `--expose-gc`. */
export async function lookAtRest(): Promise<AtRest> {
  // The last call's loose ends are tied up a turn later.
  await new Promise(setImmediate);
  globalThis.gc?.();
  globalThis.gc?.();
  const active = process.getActiveResourcesInfo();
  return {
    heapBytes: process.memoryUsage().heapUsed,
    timers: active.filter((resource) => resource === 'Timeout').length,
    descriptors: readdirSync('/dev/fd').length,
    processListeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    performanceEntries: performance.getEntries().length,
  };
}
