import { createHash } from 'node:crypto';
import { integerOf, textOf, type StoredItem } from '#platform/aws/attributes.ts';

/** How long a lead stands when its leader does not renew it: so long do others wait for one who died. */
export const LEASE_MS = 6_000;
/** How long it stays known how a lead ended: long enough for all who waited, and for who read just before. */
const ENDING_MS = 5_000;
/** The item itself may go when nobody can be interested in it any more. */
const KEPT_MS = 60_000;

/**
 * What stands under a key while nothing is stored there. `leading`: a call makes the answer, and others wait for it.
 * `alone`: its answer may not be shared, so everyone goes on alone. `answered`: the answers are stored, each under a key
 * of its own. `over`: the call ended without an answer, and another may lead.
 */
export type LeadState = 'leading' | 'alone' | 'answered' | 'over';

/** A lead that stands, as the table keeps it. */
export interface Lead {
  readonly state: LeadState;
  /** The id of the call that leads; empty once the lead has ended, so that nothing late can renew it. */
  readonly leader: string;
  /** Epoch ms. Nobody heeds the lead from then on. */
  readonly leaseUntilMs: number;
}

/** The key of the lead over several missing answers at once. No answer has a key of this shape. */
export function leadKeyOf(keys: readonly string[]): string {
  if (keys.length === 1) return keys[0] as string;
  return `lead-${createHash('sha256').update(keys.toSorted().join('\n')).digest('base64url')}`;
}

/** The item of a lead, from now on. */
export function toLeadItem(key: string, state: LeadState, leader: string, nowMs: number) {
  const leaseMs = { leading: LEASE_MS, alone: ENDING_MS, answered: ENDING_MS, over: 0 }[state];
  const lead: Lead = { state, leader, leaseUntilMs: nowMs + leaseMs };
  return { pk: key, ...lead, digest: digestOf(key, lead), expiresAt: Math.ceil((nowMs + KEPT_MS) / 1000) };
}

/**
 * The lead of an item; undefined for one whose lease has run out, and for what was not put there as this key's lead: an
 * item that nobody wrote, or with a lease beyond all that is ever given, must not make anyone wait (C8).
 */
export function fromLeadItem(key: string, item: StoredItem, nowMs: number): Lead | undefined {
  try {
    const lead: Lead = {
      state: textOf(item, 'state') as LeadState,
      leader: textOf(item, 'leader'),
      leaseUntilMs: Number(integerOf(item, 'leaseUntilMs')),
    };
    // Twice, for the clocks of two machines differ.
    const stands = lead.leaseUntilMs > nowMs && lead.leaseUntilMs <= nowMs + 2 * LEASE_MS;
    return stands && item['digest'] === digestOf(key, lead) ? lead : undefined;
  } catch {
    return undefined;
  }
}

function digestOf(key: string, { state, leader, leaseUntilMs }: Lead): string {
  return createHash('sha256').update([key, state, leader, leaseUntilMs].join('\n')).digest('base64url');
}
