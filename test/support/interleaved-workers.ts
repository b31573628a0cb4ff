import { createBudgetStores } from '#budgets/budgets.ts';
import type { SpecLimits } from '#budgets/limits.ts';
import { setLimit, type LimitWish } from '#budgets/manage.ts';
import { sweep } from '#call/sweep/sweep.ts';
import { createLedgerStore } from '#ledger/ledger-store.ts';
import type { Platform } from '#platform/platform.ts';
import type { Network } from './interleaved-network.ts';
import type { SimulatedProcess } from './interleaved-process.ts';

/** A process that looks after budgets, and the product's platform as it has it. */
export interface Worker {
  readonly process: SimulatedProcess;
  readonly platform: Platform;
  readonly network: Network;
}

/** Lambda's time for the sweeper. */
const SWEEP_MS = 55_000;

/** One sweep, as the scheduled function makes it. @param onEnd told how many budgets and calls it could not deal with */
export function startSweep(
  { process, platform, network }: Worker,
  specs: ReadonlyMap<string, SpecLimits>,
  onEnd: (failed: number) => void = () => undefined,
): void {
  const { config, log, dynamo, clock } = platform;
  process.start(async () => {
    const report = await sweep({
      platform,
      budgets: createBudgetStores({ dynamo, table: config.tables.budgets }),
      ledger: createLedgerStore({ dynamo, table: config.tables.ledger, log }),
      specs,
      requestId: process.name,
      killAtMs: clock.nowMs() + SWEEP_MS,
    });
    network.note(process, `swept: ${JSON.stringify(report)}`);
    onEnd(report.failed);
  });
}

/** A limit is set, as an administrator does. @param onTold when the product says that it holds */
export function startChange(
  { process, platform, network }: Worker,
  wish: LimitWish,
  spec: SpecLimits | undefined,
  onTold: () => void,
): void {
  const { config, dynamo, clock, random } = platform;
  const { scope, kind, limitPico, shards } = wish;
  network.note(process, `sets ${scope} to ${limitPico} a ${kind}${shards === undefined ? '' : ` in ${shards} shards`}`);
  process.start(async () => {
    const stores = createBudgetStores({ dynamo, table: config.tables.budgets });
    await setLimit(wish, spec, stores, { clock, random });
    network.note(process, 'is told that the limit holds');
    onTold();
  });
}
