import { resolve } from 'node:path';
import { bundleEntries } from './bundle/bundle-entries.ts';
import { readInventory } from './inventory.ts';
import { WeirApp } from './stacks/weir-app.ts';

/** Synthesizes what AWS would run, for the CDK CLI (`npm run synth`) or by itself (`node infra/app.ts`). */
const root = resolve(import.meta.dirname, '..');
const bundles = await bundleEntries(await readInventory(), resolve(root, 'dist'));
const app = new WeirApp({ bundles, outdir: process.env['CDK_OUTDIR'] ?? resolve(root, 'cdk.out') });
app.synth();
