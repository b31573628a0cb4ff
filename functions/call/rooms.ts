import { createBudgets, type Budgets } from '#budgets/budgets.ts';
import { createAnswerCache, type AnswerCache } from '#cache/answer-cache.ts';
import { createLedgerStore, type LedgerStore } from '#ledger/ledger-store.ts';
import type { Platform } from '#platform/platform.ts';
import { createRedactor, type Redactor } from '#redaction/redactor.ts';
import { createUpstream, type Upstream } from '#upstream/upstream.ts';

/** The rooms that a call passes through, as one environment has them. */
export interface Rooms {
  readonly platform: Platform;
  readonly cache: AnswerCache;
  readonly budgets: Budgets;
  readonly ledger: LedgerStore;
  readonly upstream: Upstream;
  /** Made when it is first asked for: calls that mask nothing do without. */
  readonly redactor: () => Redactor;
}

/** Builds the rooms over a platform. No I/O. */
export function createRooms(platform: Platform): Rooms {
  const { clock, config, dynamo, log, random } = platform;
  let redactor: Redactor | undefined;
  return {
    platform,
    cache: createAnswerCache({ dynamo, table: config.tables.cache, clock, log }),
    budgets: createBudgets({ dynamo, table: config.tables.budgets, clock, random }),
    ledger: createLedgerStore({ dynamo, table: config.tables.ledger, log }),
    upstream: createUpstream(platform),
    redactor: () => (redactor ??= createRedactor()),
  };
}
