import { integerOf, textOf, type Storable, type StoredItem } from '#platform/aws/attributes.ts';
import type { TokenUsage } from '#protocol/usage.ts';
import type { Attempt, Basis, CacheOutcome, HoldCharge, LedgerEntry, Tags } from './entry.ts';

/** A ledger entry in its stored form. */
export function toItem(entry: LedgerEntry): { readonly [name: string]: Storable | undefined } {
  return {
    ...entry,
    usage: { ...entry.usage },
    tags: entry.tags,
    holds: entry.holds.map((hold) => ({ ...hold })),
    attempts: entry.attempts.map((attempt) => ({ ...attempt, usage: attempt.usage && { ...attempt.usage } })),
  };
}

/** A ledger entry read back. */
export function fromItem(item: StoredItem): LedgerEntry {
  const text = (name: string) => textOf(item, name);
  return {
    callId: text('callId'),
    endpoint: text('endpoint'),
    functionName: text('functionName'),
    caller: text('caller'),
    callerKind: text('callerKind'),
    model: text('model'),
    holds: (item['holds'] as StoredItem[]).map(toHold),
    attempts: (item['attempts'] as StoredItem[]).map(toAttempt),
    cache: text('cache') as CacheOutcome,
    usage: toUsage(item['usage'] as StoredItem),
    costPico: integerOf(item, 'costPico'),
    unknownPico: integerOf(item, 'unknownPico'),
    savedPico: integerOf(item, 'savedPico'),
    basis: text('basis') as Basis,
    outcome: text('outcome'),
    latencyMs: Number(integerOf(item, 'latencyMs')),
    ...optionalNumber(item, 'firstTokenMs'),
    ...optionalNumber(item, 'waitedMs'),
    requestId: text('requestId'),
    ...(item['tags'] !== undefined && { tags: item['tags'] as Tags }),
  };
}

function toHold(item: StoredItem): HoldCharge {
  return { part: textOf(item, 'part'), id: textOf(item, 'id'), pico: integerOf(item, 'pico') };
}

function toAttempt(item: StoredItem): Attempt {
  return {
    modelAsked: textOf(item, 'modelAsked'),
    ...optionalText(item, 'modelServed'),
    ...optionalText(item, 'serviceTier'),
    ...(item['usage'] === undefined ? {} : { usage: toUsage(item['usage'] as StoredItem) }),
    costPico: integerOf(item, 'costPico'),
    basis: textOf(item, 'basis') as Basis,
    ...optionalText(item, 'priceRow'),
    outcome: textOf(item, 'outcome'),
    ...optionalNumber(item, 'status'),
    ...optionalText(item, 'upstreamRequestId'),
    latencyMs: Number(integerOf(item, 'latencyMs')),
  };
}

function toUsage(item: StoredItem): TokenUsage {
  return Object.fromEntries(
    Object.entries(item).map(([kind, tokens]) => [kind, Number(tokens)]),
  ) as unknown as TokenUsage;
}

function optionalText<Name extends string>(item: StoredItem, name: Name): { [K in Name]?: string } {
  return item[name] === undefined ? {} : ({ [name]: textOf(item, name) } as { [K in Name]?: string });
}

function optionalNumber<Name extends string>(item: StoredItem, name: Name): { [K in Name]?: number } {
  return item[name] === undefined ? {} : ({ [name]: Number(integerOf(item, name)) } as { [K in Name]?: number });
}
