import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './longest-first.ts';

export default defineConfig({
  root: resolve(import.meta.dirname, '..'),
  test: {
    projects: [
      { extends: true, test: { name: 'integration', include: ['test/{integration,e2e,model}/**/*.test.ts'] } },
      // Nothing of a process outlives these: the functions, the CDK and their bundles are loaded once a worker, and not once a file.
      { extends: true, test: { name: 'units', include: ['test/{unit,infra}/**/*.test.ts'], isolate: false } },
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
