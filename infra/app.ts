import { resolve } from 'node:path';
import { bundleEntries } from './bundle/bundle-entries.ts';
import { readInventory } from './inventory.ts';
import { WeirApp } from './stacks/weir-app.ts';

/** Synthesizes what AWS would run, for the CDK CLI (`npm run synth`) or by itself (`node infra/app.ts`). */
const root = resolve(import.meta.dirname, '..');
try {
  const bundles = await bundleEntries(await readInventory(), resolve(root, 'dist'));
  const app = new WeirApp({ bundles, outdir: process.env['CDK_OUTDIR'] ?? resolve(root, 'cdk.out') });
  app.synth();
} catch (error) {
  // What is wrong with an entry is said in its message; where it was thrown helps nobody who wrote the entry.
  console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
  process.exitCode = 1;
}
