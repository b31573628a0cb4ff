import type { DynamoDb } from '#platform/aws/dynamodb.ts';
import { integerOf, textOf, type StoredItem } from '#platform/aws/attributes.ts';
import type { Log } from '#platform/log.ts';
import { mintedAtMs } from '#platform/call-id.ts';
import { fromItem, toItem } from './entry-item.ts';
import type { LedgerEntry } from './entry.ts';
import { daysBetween, ledgerKey, partitionKey } from './ledger-key.ts';

/** A later fact about a call that already has its entry. Counters follow it by the sweeper alone. */
export interface Adjustment {
  readonly callId: string;
  readonly endpoint: string;
  readonly deltaPico: bigint;
  /** What the fact changes about the part of the cost that nobody could confirm. */
  readonly unknownDeltaPico: bigint;
  readonly basis: string;
}

export type LedgerRow =
  | { readonly kind: 'entry'; readonly entry: LedgerEntry }
  | { readonly kind: 'adjustment'; readonly adjustment: Adjustment };

/** What became of an entry: it stands, or somebody else's did before, and the truth differs from that by an adjustment. */
export type Recorded = { readonly adjustment?: Adjustment };

/** A call as the ledger knows it. */
export interface KnownCall {
  readonly entry: LedgerEntry;
  readonly adjustment?: Adjustment;
}

/** The append-only ledger: nothing in it is ever changed or deleted. @throws when the table cannot be reached */
export interface LedgerStore {
  /**
   * Puts the entry of a call, if it has none. When someone else's stands already (a sweeper took the process for dead), gives
   * the adjustment that makes it true: to be announced to the sweeper first, and then put with `adjust`.
   */
  record(entry: LedgerEntry): Promise<Recorded>;
  /** Puts an adjustment beside its entry, once a call. */
  adjust(adjustment: Adjustment): Promise<void>;
  /** Puts the entry of a call, if it has none, and gives the one that stands. */
  propose(entry: LedgerEntry): Promise<LedgerEntry>;
  /** Lets reports find an endpoint's rows of a month (`2026-11`). Each entry does so itself; the sweeper does for who died in between. */
  announce(endpoint: string, month: string, attempts?: number): Promise<void>;
  /** What is known of a call. */
  find(endpoint: string, callId: string): Promise<KnownCall | undefined>;
  /** All rows of the given days (UTC, both ends included); an adjustment comes right behind its entry. */
  rows(from: string, to: string): AsyncGenerator<LedgerRow>;
}

export interface LedgerStoreOptions {
  readonly dynamo: DynamoDb;
  readonly table: string;
  readonly log: Log;
  /** Partitions per endpoint and day. @default 1 */
  readonly shards?: number;
}

/** Queries under way together when a report is made. */
const PARTITIONS_AT_ONCE = 16;

export function createLedgerStore({ dynamo, table, log, shards = 1 }: LedgerStoreOptions): LedgerStore {
  const announced = new Set<string>();
  const itemsOf = (pk: string) => dynamo.query(table, 'pk = :pk', { values: { ':pk': pk } });

  /**
   * A report must find endpoints that no longer exist in the code. So each environment announces, once a month, that an
   * endpoint has rows and in how many shards.
   */
  const announce = async (endpoint: string, month: string, attempts = 1) => {
    const sk = `${endpoint}#${shards}`;
    if (announced.has(month + sk)) return;
    try {
      await dynamo.put(table, { pk: directoryKey(month), sk, endpoint, shards }, undefined, { attempts });
      announced.add(month + sk);
    } catch (error) {
      // The entry counts, not this: the next call announces again.
      log.warn('an endpoint could not be announced to the reports', { endpoint, error });
    }
  };

  async function* endpointsOf(month: string): AsyncGenerator<{ endpoint: string; shards: number }> {
    const most = new Map<string, number>();
    for await (const item of itemsOf(directoryKey(month))) {
      const endpoint = textOf(item, 'endpoint');
      most.set(endpoint, Math.max(most.get(endpoint) ?? 0, Number(integerOf(item, 'shards'))));
    }
    for (const [endpoint, count] of most) yield { endpoint, shards: count };
  }

  async function* partitionsOf(from: string, to: string): AsyncGenerator<string> {
    const directory = new Map<string, { endpoint: string; shards: number }[]>();
    for (const day of daysBetween(from, to)) {
      const month = day.slice(0, 7);
      if (!directory.has(month)) directory.set(month, await Array.fromAsync(endpointsOf(month)));
      for (const known of directory.get(month) ?? []) {
        for (let shard = 0; shard < known.shards; shard++) yield partitionKey(known.endpoint, day, shard);
      }
    }
  }

  /** True when it is put, false when the call has an entry. */
  const put = async (entry: LedgerEntry): Promise<boolean> => {
    const key = ledgerKey(entry.endpoint, entry.callId, shards);
    const item = { ...key, ...toItem(entry) };
    const [written] = await Promise.all([
      dynamo.put(table, item, { condition: 'attribute_not_exists(pk)' }),
      announce(entry.endpoint, key.sk.slice(0, 7)),
    ]);
    return written === 'written';
  };

  const entryOf = async (endpoint: string, callId: string): Promise<LedgerEntry | undefined> => {
    const item = await dynamo.get(table, { ...ledgerKey(endpoint, callId, shards) }, { consistent: true });
    return item && fromItem(item);
  };

  const adjustmentKey = (endpoint: string, callId: string) => {
    const { pk, sk } = ledgerKey(endpoint, callId, shards);
    return { pk, sk: `${sk}#adjustment` };
  };

  return {
    announce,
    async record(entry) {
      if (await put(entry)) return {};
      const standing = (await entryOf(entry.endpoint, entry.callId)) as LedgerEntry;
      // A repeat after a lost answer finds its own entry: same request, same cost.
      if (standing.requestId === entry.requestId && standing.costPico === entry.costPico) return {};
      const { callId, endpoint, basis } = entry;
      const deltaPico = entry.costPico - standing.costPico;
      const unknownDeltaPico = entry.unknownPico - standing.unknownPico;
      // The one who took this process for dead was right about the money.
      if (deltaPico === 0n && unknownDeltaPico === 0n) return {};
      return { adjustment: { callId, endpoint, deltaPico, unknownDeltaPico, basis } };
    },
    async adjust(adjustment) {
      const key = adjustmentKey(adjustment.endpoint, adjustment.callId);
      await dynamo.put(table, { ...key, ...adjustment }, { condition: 'attribute_not_exists(pk)' });
    },
    async propose(entry) {
      return (await put(entry)) ? entry : ((await entryOf(entry.endpoint, entry.callId)) as LedgerEntry);
    },
    async find(endpoint, callId) {
      const entry = await entryOf(endpoint, callId);
      if (!entry) return undefined;
      const item = await dynamo.get(table, adjustmentKey(endpoint, callId), { consistent: true });
      return { entry, ...(item && { adjustment: toAdjustment(item) }) };
    },
    async *rows(from, to) {
      const partitions = await Array.fromAsync(partitionsOf(from, to));
      // A year of many endpoints is thousands of partitions: read side by side, given one after the other.
      while (partitions.length > 0) {
        const group = partitions.splice(0, PARTITIONS_AT_ONCE).map((pk) => Array.fromAsync(itemsOf(pk)));
        for (const items of await Promise.all(group)) yield* items.map(toRow);
      }
    },
  };
}

/** The day (UTC) to which a call belongs: that of its reservation. */
export function dayOf(callId: string): string {
  return new Date(mintedAtMs(callId)).toISOString().slice(0, 10);
}

function directoryKey(month: string): string {
  return `endpoints#${month}`;
}

function toRow(item: StoredItem): LedgerRow {
  if (item['deltaPico'] === undefined) return { kind: 'entry', entry: fromItem(item) };
  return { kind: 'adjustment', adjustment: toAdjustment(item) };
}

function toAdjustment(item: StoredItem): Adjustment {
  return {
    callId: textOf(item, 'callId'),
    endpoint: textOf(item, 'endpoint'),
    deltaPico: integerOf(item, 'deltaPico'),
    unknownDeltaPico: integerOf(item, 'unknownDeltaPico'),
    basis: textOf(item, 'basis'),
  };
}
