import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './longest-first.ts';

export default defineConfig({
  root: resolve(import.meta.dirname, '..'),
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'weir', include: ['test/**/*.test.ts'], exclude: ['test/bench/**', 'test/infra/**'] },
      },
      // What they share is read, never changed: the CDK is loaded, and the functions are bundled, once a worker and not once a file.
      { extends: true, test: { name: 'infra', include: ['test/infra/**/*.test.ts'], isolate: false } },
    ],
    environment: 'node',
    // A unit test takes milliseconds; the rest is for those that start processes and sockets.
    testTimeout: 40_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    reporters: ['default'],
  },
});
