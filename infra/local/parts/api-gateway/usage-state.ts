import type { StateFile } from '../state-file.ts';

/** An API key, as it is kept. */
export interface StoredKey {
  readonly kind: 'key';
  readonly id: string;
  readonly name: string;
  readonly value: string;
  readonly enabled: boolean;
  readonly createdAtMs: number;
  /** The plans that it is in, and since when (epoch ms). */
  readonly plans: Readonly<Record<string, number>>;
}

/** A usage plan, as it is kept. */
export interface StoredPlan {
  readonly kind: 'plan';
  readonly id: string;
  readonly name: string;
  readonly apiStages: readonly { readonly apiId: string; readonly stage: string }[];
  readonly throttle?: { readonly rateLimit: number; readonly burstLimit: number };
}

/** Keys under `key/<id>`, plans under `plan/<id>`. */
export type UsageState = StateFile<StoredKey | StoredPlan>;

/** All keys, in the order in which they were made. */
export function keysIn(state: UsageState): StoredKey[] {
  return [...state.entries()].flatMap(([, item]) => (item.kind === 'key' ? [item] : []));
}

/** All plans, in the order in which they were made. */
export function plansIn(state: UsageState): StoredPlan[] {
  return [...state.entries()].flatMap(([, item]) => (item.kind === 'plan' ? [item] : []));
}
