import { integerOf, textOf, type Storable, type StoredItem } from '#platform/aws/attributes.ts';
import type { DynamoDb, Expression } from '#platform/aws/dynamodb.ts';
import type { Clock } from '#platform/clock.ts';
import type { Demand } from './demand.ts';
import { packReply, unpackReply } from './packed-reply.ts';

/** What a request with an idempotency key is told to do. `callId`: the call that did the work. */
export type Begun =
  /** It is the first, or the one before it failed or died: it does the work, then calls `finish` or `release`. */
  | { readonly state: 'begun' }
  | { readonly state: 'done'; readonly callId: string; readonly reply: string }
  /** Done, and the reply did not fit into its record. */
  | { readonly state: 'done, too large'; readonly callId: string; readonly replyBytes: number }
  | { readonly state: 'under way' }
  /** The key stands for another input. */
  | { readonly state: 'mismatch' };

/** What became of a reply that was to be stored. `taken over`: the lease had ended, and another request does the work. */
export type Kept = 'stored' | 'too large' | 'taken over';

/**
 * One record for each idempotency key, for a day. Every write is one conditional put of the whole record:
 *
 *     begin     {under way, owner, lease}   IF there is none, or it was released, has expired, or its lease has ended
 *     finish    {done, reply}               IF owner = :owner
 *     release   {released}                  IF owner = :owner
 *
 * Two at once, and a process that dies or is only slow:
 *
 *     A  begin ✓ ── call ── finish ✓                      A  begin ✓ ── call … paused ───────────── finish: refused,
 *     B     begin: under way    begin: done, A's reply    B                lease over: begin ✓ ── call ── finish ✓
 */
export interface RecordStore {
  /** Two requests at most where nobody races; one for the first. @throws when the table cannot be reached, or the record not be read */
  begin(demand: Demand): Promise<Begun>;
  /** Keeps the reply of a completed call; of one that is too large, that it was. @throws when the table cannot be reached */
  finish(demand: Demand, reply: string): Promise<Kept>;
  /** The call failed: the key is free. Changes nothing when it is another's by now. @throws when the table cannot be reached */
  release(demand: Demand): Promise<void>;
}

export interface RecordStoreOptions {
  readonly dynamo: DynamoDb;
  readonly table: string;
  readonly clock: Clock;
}

const KEPT_SECONDS = 24 * 3600;
/** A record that is freed between the refused put and the read is asked for again, so often. */
const MAX_LOOKS = 3;

export function createRecordStore({ dynamo, table, clock }: RecordStoreOptions): RecordStore {
  const keptUntil = () => Math.ceil(clock.nowMs() / 1000) + KEPT_SECONDS;

  const replaceOwn = (demand: Demand, members: Readonly<Record<string, Storable>>) =>
    dynamo.put(table, recordOf(demand, members), {
      condition: '#owner = :owner',
      names: { '#owner': 'owner' },
      values: { ':owner': demand.owner },
    });

  return {
    async begin(demand) {
      const { pk, leaseEndsAtMs } = demand;
      for (let look = 1; look <= MAX_LOOKS; look++) {
        const nowMs = clock.nowMs();
        const record = recordOf(demand, { state: 'under way', leaseEndsAtMs, expiresAt: keptUntil() });
        if ((await dynamo.put(table, record, ifFree(demand, nowMs))) === 'written') return { state: 'begun' };
        const found = await dynamo.get(table, { pk }, { consistent: true });
        if (found && !isFree(found, demand, nowMs)) return stateOf(found, demand);
      }
      return { state: 'under way' };
    },
    async finish(demand, reply) {
      const packed = packReply(reply, demand.isSealed ? demand.sealKey : undefined);
      const kept = packed
        ? { reply: packed, ...(demand.isSealed && { sealed: true }) }
        : { replyBytes: Buffer.byteLength(reply) };
      const record = { state: 'done', expiresAt: keptUntil(), ...kept };
      if ((await replaceOwn(demand, record)) !== 'written') return 'taken over';
      return packed ? 'stored' : 'too large';
    },
    async release(demand) {
      await replaceOwn(demand, { state: 'released', expiresAt: Math.floor(clock.nowMs() / 1000) });
    },
  };
}

function recordOf({ pk, fingerprint, owner }: Demand, members: Readonly<Record<string, Storable>>) {
  return { pk, fingerprint, owner, ...members };
}

/** That a request may make the record its own. DynamoDB deletes expired items days late, so the time is looked at too. */
function ifFree({ fingerprint }: Demand, nowMs: number): Expression {
  return {
    condition:
      'attribute_not_exists(pk) OR #state = :released OR expiresAt <= :nowSeconds OR ' +
      '(#state = :underWay AND leaseEndsAtMs <= :nowMs AND fingerprint = :fingerprint)',
    names: { '#state': 'state' },
    values: {
      ':released': 'released',
      ':underWay': 'under way',
      ':fingerprint': fingerprint,
      ':nowMs': nowMs,
      ':nowSeconds': Math.floor(nowMs / 1000),
    },
  };
}

/** The same condition, on what was read a moment later. */
function isFree(record: StoredItem, demand: Demand, nowMs: number): boolean {
  if (record['state'] === 'released' || integerOf(record, 'expiresAt') * 1000n <= BigInt(nowMs)) return true;
  const isDead = record['state'] === 'under way' && integerOf(record, 'leaseEndsAtMs') <= BigInt(nowMs);
  return isDead && textOf(record, 'fingerprint') === demand.fingerprint;
}

function stateOf(record: StoredItem, { owner, fingerprint, sealKey }: Demand): Begun {
  const callId = textOf(record, 'owner');
  if (textOf(record, 'fingerprint') !== fingerprint) return { state: 'mismatch' };
  // An own put whose answer was lost: its repeat met it.
  if (record['state'] !== 'done') return { state: callId === owner ? 'begun' : 'under way' };
  const packed = record['reply'];
  if (Buffer.isBuffer(packed))
    return { state: 'done', callId, reply: unpackReply(packed, record['sealed'] === true ? sealKey : undefined) };
  return { state: 'done, too large', callId, replyBytes: Number(integerOf(record, 'replyBytes')) };
}
