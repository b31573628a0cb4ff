import { budgetIn, partKey, type ScopeName } from '#budgets/budget.ts';
import { floatId, holdId, holdValue, type HoldFacts } from '#budgets/hold.ts';
import { toPartItem } from '#budgets/part.ts';

/** What the product's own items weigh, for a call of an ordinary endpoint. */
export interface Sizes {
  /** A shard without holds; the head, which knows more. */
  readonly shard: number;
  readonly head: number;
  /** What a call adds to its endpoint's month, and to any other budget. */
  readonly endpointHold: number;
  readonly otherHold: number;
  /** What a purse adds to its shard; a purse without holds. */
  readonly float: number;
  readonly purse: number;
}

const AT_MS = Date.UTC(2026, 10, 22);
const AMOUNT = 12_345_678_901n;

const FACTS: HoldFacts = {
  callId: '01m81w8fvf9hg6b8j52h4y1dmn',
  round: 0,
  killAtMs: AT_MS,
  endpoint: 'summarize',
  caller: 'team-checkout',
  model: 'gpt-5-mini',
  basePico: AMOUNT,
  others: [
    { code: 'cm', purses: [] },
    { code: 'am', purses: ['0123456789'] },
  ],
};

/** Sizes by DynamoDB's rules: names and texts by their bytes, numbers by their digits, a map by 3 and 1 an element. */
export function productSizes(): Sizes {
  const callHold = (scope: ScopeName): [string, string] => [holdId(FACTS), holdValue(AMOUNT, monthOf(scope), FACTS)];
  const endpoint = (...holds: [string, string][]) => shardBytes('endpoint:summarize', 12, holds);
  const caller = (...holds: [string, string][]) => shardBytes('caller:team-checkout', 12, holds);
  const account = (part: number | string, ...holds: [string, string][]) => shardBytes('account', part, holds);
  const float: [string, string] = [floatId('0123456789', AT_MS), String(AMOUNT)];
  const purse = '0123456789';
  return {
    shard: endpoint(),
    head: itemBytes(toPartItem({ ...partWith('endpoint:summarize', 0, []), head: HEAD })),
    endpointHold: endpoint(callHold('endpoint:summarize')) - endpoint(),
    otherHold: caller(callHold('caller:team-checkout')) - caller(),
    float: account(0, float) - account(0),
    purse: account(purse),
  };
}

const HEAD = { totalPico: AMOUNT * 1000n, shards: 16, source: 1 };

function shardBytes(scope: ScopeName, part: number | string, holds: [string, string][]): number {
  return itemBytes(toPartItem(partWith(scope, part, holds)));
}

function partWith(scope: ScopeName, part: number | string, holds: [string, string][]) {
  const money = { limitPico: AMOUNT * 1000n, availablePico: AMOUNT * 500n, spentPico: AMOUNT * 500n };
  return { key: partKey(monthOf(scope), part), ...money, holds: new Map(holds) };
}

function monthOf(scope: ScopeName) {
  return budgetIn({ scope, kind: 'month', limitPico: AMOUNT, shards: 16, source: 1 }, '2026-11');
}

/** What DynamoDB counts: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
export function itemBytes(item: Readonly<Record<string, unknown>>): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);
}

function valueBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'bigint' || typeof value === 'number') return Math.ceil(String(value).length / 2) + 1;
  if (typeof value === 'object' && value !== null) {
    return 3 + Object.keys(value).length + itemBytes(value as Record<string, unknown>);
  }
  return 1;
}
