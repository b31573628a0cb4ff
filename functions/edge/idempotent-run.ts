import type { Call } from '#call/call.ts';
import { fingerprintOf, recordKey, type Demand } from '#idempotency/demand.ts';
import { sealKeyOf } from '#idempotency/seal.ts';
import { createRecordStore, type Begun, type Kept, type RecordStore } from '#idempotency/record-store.ts';
import { doneBefore, withinDeadline } from '#platform/deadline.ts';
import {
  IdempotencyConflict,
  IdempotencyMismatch,
  IdempotencyReplyTooLarge,
  IdempotencyUnavailable,
} from '#platform/errors.ts';
import type { Platform } from '#platform/platform.ts';

/** The sender's word that requests with this key are one call, however often they come. */
export interface Once {
  /** Unique for a day among the caller's requests to the endpoint. In no log. */
  readonly key: string;
  /** The validated input, which must be the same each time. Absent: whoever made the key vouches for that. */
  readonly input?: unknown;
}

/** A reply, made now or stored when the same call was made before. */
export interface Given<Reply> {
  readonly reply: Reply;
  readonly isReplay: boolean;
}

/** Makes a call, and its reply, which JSON must be able to carry: at most once where `once` is given. @throws what `make` throws; WeirError */
export type IdempotentRun = <Reply>(
  call: Call,
  once: Once | undefined,
  make: () => Promise<Reply>,
) => Promise<Given<Reply>>;

/** After the platform has killed a process its lease still runs so long: no two clocks of AWS's differ by that much. */
const LEASE_MARGIN_MS = 10_000;

/** What the record of a request without an input to compare says of it. */
const VOUCHED_FOR = 'vouched for';

/**
 * The step around a whole call by which requests with one idempotency key are one call: the first does the work, and its
 * reply is kept before it is sent, after the money is settled. A failed call, or a refused one, leaves the key free.
 */
export function createIdempotentRun(platform: Platform): IdempotentRun {
  const { dynamo, config, clock, log } = platform;
  const records = createRecordStore({ dynamo, table: config.tables.jobs, clock });
  return async <Reply>(call: Call, once: Once | undefined, make: () => Promise<Reply>) => {
    if (!once) return { reply: await make(), isReplay: false };
    const demand = demandOf(call, once);
    const begun = await begin(records, demand, call, platform);
    if (begun.state === 'done') {
      log.info('a reply was replayed', { ...factsOf(call), callId: begun.callId });
      return { reply: JSON.parse(begun.reply) as Reply, isReplay: true };
    }
    if (begun.state !== 'begun') throw refusalFor(begun);

    let reply: Reply;
    try {
      reply = await make();
    } catch (error) {
      await conclude(() => records.release(demand), call, platform);
      throw error;
    }
    await conclude(() => records.finish(demand, JSON.stringify(reply)), call, platform);
    return { reply, isReplay: false };
  };
}

function demandOf({ id, terms, principal, killAtMs }: Call, { key, input }: Once): Demand {
  return {
    pk: recordKey({ callerKind: principal.kind, caller: principal.id, endpoint: terms.name }, key),
    fingerprint: input === undefined ? VOUCHED_FOR : fingerprintOf(key, terms.version, input),
    // What the endpoint masks stands nowhere in clear, and a reply may hold the originals.
    isSealed: terms.redact !== 'off' && input !== undefined,
    ...(input !== undefined && { sealKey: sealKeyOf(key, input) }),
    owner: id,
    leaseEndsAtMs: Math.ceil(killAtMs + LEASE_MARGIN_MS),
  };
}

/** @throws IdempotencyUnavailable; the deadline's reason */
async function begin(records: RecordStore, demand: Demand, call: Call, { log }: Platform): Promise<Begun> {
  const { signal } = call.deadline;
  const asked = records.begin(demand);
  try {
    return await withinDeadline(asked, signal);
  } catch (error) {
    // It may have begun all the same, or begin too late: nobody works on it, so a repeat shall not wait for its lease.
    const released = asked.catch(() => undefined).then(() => records.release(demand));
    released.catch(() => undefined);
    if (signal.aborted) throw signal.reason as Error;
    await released.catch(() => undefined);
    log.error('an idempotency record could not be read or written', {
      alarm: 'idempotency-unavailable',
      ...factsOf(call),
      error,
    });
    throw new IdempotencyUnavailable(error);
  }
}

function refusalFor(begun: Exclude<Begun, { state: 'begun' | 'done' }>): Error {
  switch (begun.state) {
    case 'mismatch':
      return new IdempotencyMismatch();
    case 'under way':
      return new IdempotencyConflict();
    case 'done, too large':
      return new IdempotencyReplyTooLarge({ callId: begun.callId, replyBytes: begun.replyBytes });
  }
}

/**
 * Tells the record how the call ended. Never throws, and ends in time for the reply: the caller gets what was paid for. A
 * record that could not be told stays under way until its lease ends.
 */
async function conclude(tell: () => Promise<Kept | void>, call: Call, { log, clock }: Platform): Promise<void> {
  const facts = factsOf(call);
  const told = async () => {
    try {
      const kept = await tell();
      if (kept === 'too large') log.warn('a reply is too large to be kept for repeats', facts);
      if (kept === 'taken over') log.warn('a call was slower than its lease; its reply was not kept', facts);
    } catch (error) {
      log.warn('an idempotency record could not be finished; its lease stands', { ...facts, error });
    }
  };
  const inTime = await doneBefore(clock, call.replyByMs, told());
  if (!inTime) log.warn('an idempotency record was not finished in time for the reply', facts);
}

function factsOf({ id, terms, principal, requestId }: Call) {
  return { requestId, callId: id, endpoint: terms.name, caller: principal.id };
}
