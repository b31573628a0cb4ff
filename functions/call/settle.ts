import { chargesFor } from '#budgets/settlement.ts';
import { weakestBasis, type CacheOutcome, type LedgerEntry } from '#ledger/entry.ts';
import { mintedAtMs } from '#platform/call-id.ts';
import { doneBefore } from '#platform/deadline.ts';
import { addUsage, noUsage } from '#protocol/usage.ts';
import type { Receipt } from './call.ts';
import type { Rooms } from './rooms.ts';
import { shareAnswers } from './share-answers.ts';
import type { Tab } from './tab.ts';

/**
 * The end of every call, in one place: the ledger entry first, then the counters, and the cache beside them. Whoever
 * dies in between leaves a hold, and the entry that says what to do with it.
 *
 * Never throws, and ends in time for the reply: an answer that was paid for is given. What could not be written stays
 * held, and is swept.
 */
export async function settle(tab: Tab, outcome: string, rooms: Rooms): Promise<Receipt> {
  const { log, clock } = rooms.platform;
  const entry = entryOf(tab, outcome, rooms);
  const facts = { alarm: 'settlement', callId: entry.callId, endpoint: entry.endpoint };
  const written = Promise.all([
    recordAndRelease(tab, entry, rooms).catch((error: unknown) => {
      log.error('a call could not be settled; its hold stands', { ...facts, error });
    }),
    shareAnswers(tab, outcome, rooms),
  ]);
  const inTime = await doneBefore(clock, tab.call.replyByMs, written);
  if (!inTime) log.error('a call was not settled in time for its reply; its hold stands until it is', facts);
  const ageSeconds = ageOf(tab, rooms);
  return { entry, finish: tab.finish, ...(ageSeconds !== undefined && { ageSeconds }) };
}

async function recordAndRelease(tab: Tab, entry: LedgerEntry, { ledger, budgets, platform }: Rooms): Promise<void> {
  const { call } = tab;
  const { reservation, mayHoldUnawares } = tab.held;
  // Nothing held and nothing served: the call left no trace that money could follow.
  if (!reservation && !mayHoldUnawares && tab.hits.length === 0) return;
  const { adjustment } = await ledger.record(entry);
  if (adjustment) {
    // Announced first: what nobody looks for would never reach the counters.
    await budgets.announceLate(entry.endpoint, entry.callId);
    return ledger.adjust(adjustment);
  }
  if (!reservation || platform.clock.nowMs() >= call.killAtMs) return;

  const facts = { callId: call.id, endpoint: entry.endpoint };
  const left = await budgets.settle(reservation, entry.holds);
  if (left > 0) {
    platform.log.error('holds were left to the sweeper', { alarm: 'settlement', ...facts, count: left });
  }
  if (entry.costPico > reservation.amountPico) {
    platform.log.error('a call cost more than was held', { alarm: 'over-hold', ...facts });
  }
}

function entryOf(tab: Tab, outcome: string, { platform }: Rooms): LedgerEntry {
  const { call, attempts, hits } = tab;
  const costPico = attempts.reduce((sum, attempt) => sum + attempt.costPico, 0n);
  const answered = attempts.findLast((attempt) => attempt.outcome === 'answered');
  return {
    callId: call.id,
    endpoint: call.terms.name,
    functionName: platform.config.functionName,
    caller: call.principal.id,
    callerKind: call.principal.kind,
    model: answered?.modelServed ?? hits[0]?.modelServed ?? attempts.at(-1)?.modelAsked ?? 'none',
    holds: chargesFor(tab.held.reservation?.places ?? [], costPico),
    attempts,
    cache: cacheOutcome(tab),
    usage: attempts.reduce((sum, attempt) => addUsage(sum, attempt.usage ?? noUsage), noUsage),
    costPico,
    unknownPico: attempts.reduce((sum, attempt) => sum + (attempt.basis === 'unknown' ? attempt.costPico : 0n), 0n),
    savedPico: outcome === 'completed' ? hits.reduce((sum, hit) => sum + hit.costPico, 0n) : 0n,
    basis: weakestBasis(attempts),
    outcome,
    latencyMs: platform.clock.nowMs() - mintedAtMs(call.id),
    ...(tab.firstTokenAtMs !== undefined && { firstTokenMs: tab.firstTokenAtMs - mintedAtMs(call.id) }),
    ...(tab.leads.waitedMs !== undefined && { waitedMs: tab.leads.waitedMs }),
    requestId: call.requestId,
    ...(call.terms.tags && { tags: call.terms.tags }),
  };
}

/** A call is a hit when nothing had to be asked; where no answer may be stored or read, the cache was bypassed. */
function cacheOutcome({ call, hits, missed, isKept }: Tab): CacheOutcome {
  if (!isKept || !call.cacheWish.read) return 'bypass';
  return missed || hits.length === 0 ? 'miss' : 'hit';
}

/** The age of the oldest answer of a call that had all from the cache. */
export function ageOf({ hits, missed }: Tab, { platform }: Rooms): number | undefined {
  if (missed || hits.length === 0) return undefined;
  const oldestMs = Math.min(...hits.map((hit) => hit.storedAtMs));
  return Math.max(0, Math.floor((platform.clock.nowMs() - oldestMs) / 1000));
}
