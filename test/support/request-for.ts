import type { Budget } from '#budgets/budget.ts';
import type { HoldFacts } from '#budgets/hold.ts';
import type { ReservationRequest } from '#budgets/reservation.ts';

/** What a test says of a call; the rest is one of ada's to summarize. */
export type CallFacts = Partial<Pick<HoldFacts, 'callId' | 'endpoint' | 'caller' | 'model' | 'killAtMs'>>;

/** A call that wants so much held. It began at noon of 2026-11-22, as the fake clock does, and has 30 s. */
export function requestFor(amountPico: bigint, budgets: readonly Budget[], facts: CallFacts = {}): ReservationRequest {
  const killAtMs = Date.UTC(2026, 10, 22, 12) + 30_000;
  return {
    budgets,
    amountPico,
    facts: { callId: 'call', killAtMs, endpoint: 'summarize', caller: 'ada', model: 'gpt-6-luna', ...facts },
    signal: new AbortController().signal,
    mayGoOn: () => true,
  };
}
