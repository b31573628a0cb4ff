import { integerOf, type StoredItem } from '#platform/aws/attributes.ts';
import { heldPico } from './hold.ts';

/** A counter as it stands. Always: `availablePico + spentPico + Σ holds = limitPico`. */
export interface PartState {
  readonly key: string;
  /** This part's share of the budget's limit. */
  readonly limitPico: bigint;
  readonly availablePico: bigint;
  readonly spentPico: bigint;
  /** Hold id → stored value. */
  readonly holds: ReadonlyMap<string, string>;
  /** Revision of the change that has frozen it; absent: open. A change that comes late freezes nothing that a later one has had. */
  readonly frozen?: number;
  /** What the head knows of the whole budget. */
  readonly head?: HeadState;
}

export interface HeadState {
  /** The budget's limit. */
  readonly totalPico: bigint;
  readonly shards: number;
  /** The most shards it ever had. */
  readonly most: number;
  /** Changes of limit or shards so far. */
  readonly revision: number;
  /** Revision of the settings that it follows. */
  readonly source: number;
  /** Percent of the limit of which somebody was told. */
  readonly noticedPercent: number;
  /** A call was refused for want of money. */
  readonly refused: boolean;
}

/** A part as its item. */
export type NewPart = Omit<PartState, 'head'> & {
  readonly head?: Pick<HeadState, 'totalPico' | 'shards' | 'source'>;
  /** When DynamoDB may delete it. Absent: never. */
  readonly expiresAtMs?: number;
};

/** Sum of what is held, pico-USD. */
export function heldIn(part: Pick<PartState, 'holds'>): bigint {
  let sum = 0n;
  for (const value of part.holds.values()) sum += heldPico(value);
  return sum;
}

export function toPartItem({ key, limitPico, availablePico, spentPico, holds, frozen, head, expiresAtMs }: NewPart) {
  return {
    pk: key,
    limit: limitPico,
    available: availablePico,
    spent: spentPico,
    holds: Object.fromEntries(holds),
    ...(expiresAtMs !== undefined && { expiresAt: Math.ceil(expiresAtMs / 1000) }),
    ...(frozen !== undefined && { frozen, changed: frozen }),
    ...(head && { total: head.totalPico, shards: head.shards, most: head.shards, revision: 0, source: head.source }),
  };
}

export function fromPartItem(key: string, item: StoredItem): PartState {
  return {
    key,
    limitPico: integerOf(item, 'limit'),
    availablePico: integerOf(item, 'available'),
    spentPico: integerOf(item, 'spent'),
    holds: new Map(Object.entries(item['holds'] as Record<string, string>)),
    ...(item['frozen'] !== undefined && { frozen: Number(integerOf(item, 'frozen')) }),
    ...(item['total'] !== undefined && { head: toHead(item) }),
  };
}

function toHead(item: StoredItem): HeadState {
  return {
    totalPico: integerOf(item, 'total'),
    shards: Number(integerOf(item, 'shards')),
    most: Number(integerOf(item, 'most')),
    revision: Number(integerOf(item, 'revision')),
    source: Number(integerOf(item, 'source')),
    noticedPercent: item['noticed'] === undefined ? 0 : Number(integerOf(item, 'noticed')),
    refused: item['refused'] === true,
  };
}
