import { createCounterStore, type CounterStore } from '#budgets/counter-store.ts';
import { createAnswerCache, type AnswerCache } from '#cache/answer-cache.ts';
import { createLedgerStore, type LedgerStore } from '#ledger/ledger-store.ts';
import type { Platform } from '#platform/platform.ts';
import { createUpstream, type Upstream } from '#upstream/upstream.ts';

/** The rooms that a call passes through, as one environment has them. */
export interface Rooms {
  readonly platform: Platform;
  readonly cache: AnswerCache;
  readonly counters: CounterStore;
  readonly ledger: LedgerStore;
  readonly upstream: Upstream;
}

/** Builds the rooms over a platform. No I/O. */
export function createRooms(platform: Platform): Rooms {
  const { clock, config, dynamo, log } = platform;
  return {
    platform,
    cache: createAnswerCache({ dynamo, table: config.tables.cache, clock, log }),
    counters: createCounterStore(dynamo, config.tables.budgets),
    ledger: createLedgerStore({ dynamo, table: config.tables.ledger, log }),
    upstream: createUpstream(platform),
  };
}
