import type { EntrySpec } from '#edge/specs.ts';
import type { Bundle } from '../bundle/bundle-entries.ts';

/** A bundle whose entry is of one kind. */
export type BundleOf<Kind extends EntrySpec['kind']> = Bundle & {
  readonly entry: { readonly spec: Extract<EntrySpec, { kind: Kind }> };
};

/** The bundles of one kind, in the inventory's order. */
export function bundlesOf<Kind extends EntrySpec['kind']>(bundles: readonly Bundle[], kind: Kind): BundleOf<Kind>[] {
  return bundles.filter((bundle): bundle is BundleOf<Kind> => bundle.entry.spec.kind === kind);
}
