import type { Receipt } from '#call/call.ts';
import { formatUsd } from '#platform/money.ts';

/** What a whole reply tells of its call in its headers; on refusals too. */
export function receiptHeaders({ entry, finish, ageSeconds }: Receipt): Record<string, string> {
  return {
    'x-weir-call-id': entry.callId,
    'x-weir-cost-usd': formatUsd(entry.costPico),
    // The upstream's own word, and a header cannot carry every character.
    'x-weir-model': entry.model.replaceAll(/[^\x20-\x7e]/g, '?'),
    'x-weir-cache': entry.cache,
    'x-weir-attempts': String(entry.attempts.length),
    ...(finish === 'enough' && { 'x-weir-finish': finish }),
    ...(ageSeconds !== undefined && { age: String(ageSeconds) }),
  };
}
