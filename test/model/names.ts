/** Names of parts and values of holds, as PROTOCOL.md writes them. Amounts are whole units of the model's money. */

export const MONTH = 'm';
export const DAY = 'd';
export type Span = typeof MONTH | typeof DAY;

/** Whom a budget belongs to and what window it has, as a hold's `others` writes it: `em` is the endpoint's month. */
export type Code = 'em' | 'ed' | 'cm' | 'cd' | 'am' | 'ad';

export const partOf = (budget: string, shard: number | string): string => `${budget}#${shard}`;
export const budgetOf = (part: string): string => part.slice(0, part.lastIndexOf('#'));
export const shardOf = (part: string): string => part.slice(part.lastIndexOf('#') + 1);
export const isPurse = (part: string): boolean => shardOf(part).startsWith('p');
export const scopeOf = (budget: string): string => budget.slice(0, budget.indexOf('#'));
export const windowOf = (budget: string): string => budget.slice(budget.indexOf('#') + 1);
export const spanOf = (budget: string): Span => (windowOf(budget).startsWith(MONTH) ? MONTH : DAY);
export const isEscrow = (budget: string): boolean => budget.startsWith('account#');

/** `<minted, base 36>-<number>`: a call's windows follow from its id. */
export const callIdAt = (minted: number, number: number): string => `${minted.toString(36)}-${number}`;
export const mintedAt = (callId: string): number => parseInt(callId, 36);

export const holdIdOf = (expiry: number, callId: string, round: number | 'f'): string =>
  `${expiry.toString(36)}.${callId}.${round}`;
export const expiryOf = (id: string): number => parseInt(id, 36);
export const callOf = (id: string): string => id.slice(id.indexOf('.') + 1, id.lastIndexOf('.'));
export const roundOf = (id: string): number => Number(id.slice(id.lastIndexOf('.') + 1));
export const isDraw = (id: string): boolean => id.endsWith('.f');

/** The same for every sweeper: that is what makes an adjustment happen once. */
export const markOf = (callId: string): string => `mark.${callId}.a`;
export const isMark = (id: string): boolean => id.startsWith('mark.');

export const amountOf = (value: string): number => parseInt(value, 10);

/** What a piece in the endpoint's month says about its round. */
export interface Facts {
  readonly base: number;
  readonly caller: string;
  readonly others: readonly string[];
}

export function factsOf(value: string): Facts {
  const [amount, base, caller, , others] = value.split('|') as [string, string, string, string, string];
  return { base: Number(base === '' ? amount : base), caller, others: others === '' ? [] : others.split(',') };
}

export function endpointValue(amount: number, { base, caller, others }: Facts): string {
  return `${amount}|${base === amount ? '' : base}|${caller}|haiku|${others.join(',')}`;
}

/** What a piece elsewhere says: the amount, and whose call it is (of a draw: which purse). */
export const plainValue = (amount: number, owner: string): string => `${amount}|${owner}`;
export const ownerOf = (value: string): string => value.slice(value.indexOf('|') + 1);
