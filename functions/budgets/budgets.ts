import type { DynamoDb } from '#platform/aws/dynamodb.ts';
import type { Clock } from '#platform/clock.ts';
import { budgetAt, partKey } from './budget.ts';
import type { BudgetStatus } from './budget-status.ts';
import { createBudgetBook, type BudgetBook } from './budget-book.ts';
import { createDirectory, type Directory } from './directory.ts';
import { Limits, type SpecLimits } from './limits.ts';
import { createPartStore, type PartStore } from './part-store.ts';
import { Placement } from './placement.ts';
import { Purses } from './purses.ts';
import {
  reserve,
  type Holding,
  type Reservation,
  type ReservationOutcome,
  type ReservationRequest,
} from './reservation.ts';
import { createSettingsStore, type SettingsStore } from './settings.ts';
import { settle, type Charge } from './settlement.ts';
import { topUp, type TopUpOutcome } from './top-up.ts';

const MOST_NOTED = 5_000;

export interface BudgetsOptions {
  readonly dynamo: DynamoDb;
  readonly table: string;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** The stores of the room, for who reads or changes budgets as a whole. */
export interface BudgetStores {
  readonly parts: PartStore;
  readonly book: BudgetBook;
  readonly directory: Directory;
  readonly settings: SettingsStore;
}

export function createBudgetStores({ dynamo, table }: Pick<BudgetsOptions, 'dynamo' | 'table'>): BudgetStores {
  const parts = createPartStore(dynamo, table);
  const directory = createDirectory(dynamo, table);
  return { parts, directory, book: createBudgetBook(parts, directory), settings: createSettingsStore(dynamo, table) };
}

/** What is asked of the room for one call. */
export interface CallRequest extends Omit<ReservationRequest, 'budgets'> {
  readonly spec: SpecLimits;
  /** When the call was minted: names its windows. */
  readonly atMs: number;
}

/** The budgets, as one environment has them: its memory of limits and shards, and its purses. */
export interface Budgets {
  /** Holds money for a call in every budget it belongs to. @throws when a counter does not answer */
  reserve(request: CallRequest): Promise<ReservationOutcome>;
  /** Raises what is held. @throws when a counter does not answer */
  topUp(reservation: Reservation, amountPico: bigint, signal: AbortSignal): Promise<TopUpOutcome>;
  /** Settles by the ledger entry's charges. @returns how many holds were left to the sweeper */
  settle(reservation: Reservation, charges: readonly Charge[]): Promise<number>;
  /** Tells the sweeper of a call whose ledger entry is not the last word. @throws when the table does not answer */
  announceLate(endpoint: string, callId: string): Promise<void>;
}

export function createBudgets(options: BudgetsOptions): Budgets {
  const { clock, random } = options;
  const { parts, book, directory, settings } = createBudgetStores(options);
  const holding: Holding = {
    clock,
    parts,
    placement: new Placement(parts, book, clock, random),
    purses: new Purses(parts, book, clock, random),
  };
  const limits = new Limits(settings, clock);
  const notedRefusals = new Set<string>();

  /** Somebody shall be told, once a window: the sweeper looks for it. A counter that does not take it is told by the next call. */
  const noteRefusal = async ({ budget }: BudgetStatus): Promise<void> => {
    const key = partKey({ key: `${budget.scope}#${budget.window}` }, 0);
    if (notedRefusals.has(key)) return;
    if (notedRefusals.size > MOST_NOTED) notedRefusals.clear();
    notedRefusals.add(key);
    await parts.noteRefusal(key).catch(() => notedRefusals.delete(key));
  };
  return {
    async reserve({ spec, atMs, ...request }) {
      const terms = await limits.of(request.facts.endpoint, request.facts.caller, spec);
      const outcome = await reserve(holding, { ...request, budgets: terms.map((each) => budgetAt(each, atMs)) });
      if (!outcome.granted && clock.nowMs() < request.facts.killAtMs) await noteRefusal(outcome.status);
      return outcome;
    },
    async topUp(reservation, amountPico, signal) {
      const outcome = await topUp(holding, reservation, amountPico, signal);
      if (!outcome.granted && clock.nowMs() < reservation.facts.killAtMs) await noteRefusal(outcome.status);
      return outcome;
    },
    settle: (reservation, charges) => settle(parts, reservation, charges),
    announceLate: (endpoint, callId) => directory.add('late', `${endpoint}#${callId}`),
  };
}
