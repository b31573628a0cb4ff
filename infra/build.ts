import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUNDLE_BUDGET_BYTES, bundleEntries } from './bundle/bundle-entries.ts';
import { readInventory } from './inventory.ts';

/** Bundles every function into `dist` and holds each against its budget. */
const outFolder = resolve(dirname(fileURLToPath(import.meta.url)), '..', 'dist');
const bundles = await bundleEntries(await readInventory(), outFolder);

let overBudget = 0;
for (const { entry, bytes } of bundles) {
  const budget = BUNDLE_BUDGET_BYTES[entry.spec.kind];
  const verdict = bytes > budget ? `over its budget of ${kilobytes(budget)}` : '';
  if (bytes > budget) overBudget++;
  console.log(`${entry.name.padEnd(28)} ${kilobytes(bytes).padStart(8)} ${verdict}`.trimEnd());
}
if (overBudget > 0) process.exitCode = 1;

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000)} KB`;
}
