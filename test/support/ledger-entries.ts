import type { Attempt, LedgerEntry } from '#ledger/entry.ts';
import { mintCallId } from '#platform/call-id.ts';
import { noUsage } from '#protocol/usage.ts';

/** What a test says of a call; the rest is a plain answered one. */
export interface EntryFacts extends Partial<Omit<LedgerEntry, 'callId'>> {
  /** When the call was minted (epoch ms). @default 2026-11-22T12:00Z */
  readonly atMs?: number;
  /** @default minted at `atMs` */
  readonly callId?: string;
}

/** One attempt of 10 tokens in and 5 out, answered by gpt-6-luna. */
export function attemptOf(facts: Partial<Attempt> = {}): Attempt {
  return {
    modelAsked: 'gpt-6-luna',
    modelServed: 'gpt-6-luna',
    usage: { ...noUsage, inputTokens: 10, outputTokens: 5 },
    costPico: 1_000n,
    basis: 'exact',
    outcome: 'answered',
    status: 200,
    latencyMs: 300,
    ...facts,
  };
}

/** A ledger entry that adds up: its sums are those of its attempts, unless the test says otherwise. */
export function entryOf({ atMs = Date.UTC(2026, 10, 22, 12), callId, ...facts }: EntryFacts = {}): LedgerEntry {
  const attempts = facts.attempts ?? [attemptOf()];
  const sum = (part: readonly Attempt[]) => part.reduce((total, { costPico }) => total + costPico, 0n);
  return {
    callId: callId ?? mintCallId(atMs),
    endpoint: 'summarize',
    functionName: 'weir-summarize',
    caller: 'ada',
    callerKind: 'caller',
    model: 'gpt-6-luna',
    holds: [],
    cache: 'miss',
    usage: noUsage,
    costPico: sum(attempts),
    unknownPico: sum(attempts.filter(({ basis }) => basis === 'unknown')),
    savedPico: 0n,
    basis: 'exact',
    outcome: 'completed',
    latencyMs: 320,
    requestId: 'request',
    ...facts,
    attempts,
  };
}
