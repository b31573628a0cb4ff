import type { Budget } from './budget.ts';

/** What the holds of a call say, so that whoever finds them after a crash can finish the call's accounts. */
export interface HoldFacts {
  readonly callId: string;
  /** A reservation goes in rounds; each round has one hold id in all budgets. */
  readonly round: number;
  /** When the platform will have killed the process: from then on it touches no counter. */
  readonly killAtMs: number;
  readonly endpoint: string;
  readonly caller: string;
  readonly model: string;
  /** What the round first held in each budget, pico-USD. */
  readonly basePico: bigint;
  /** The budgets that the round needs beside the endpoint's month, to tell whether it stands whole. */
  readonly others: readonly OtherBudget[];
}

/** Another budget of a round, in the hold's short form: whose (endpoint, caller, account), month or day, and its purses. */
export interface OtherBudget {
  readonly code: `${'e' | 'c' | 'a'}${'m' | 'd'}`;
  /** Purses that were used; none: the budget's shards. */
  readonly purses: readonly string[];
}

/** One piece of a reservation: where it stands, and the exact value stored, which conditions compare. */
export interface Piece {
  /** Key of the counter. */
  readonly part: string;
  readonly id: string;
  readonly value: string;
}

/** After a process is dead for sure, its hold still waits this long: clocks differ, and requests are in flight. */
export const EXPIRY_MARGIN_MS = 60_000;

/**
 * The id begins with the moment of expiry (epoch seconds, base 36), so that a sweeper finds expired holds by their names
 * alone: `<expiry>.<callId>.<round>`.
 */
export function holdId({ callId, round, killAtMs }: Pick<HoldFacts, 'callId' | 'round' | 'killAtMs'>): string {
  return `${expiry(killAtMs + EXPIRY_MARGIN_MS)}.${callId}.${round}`;
}

/** Id of the hold in the head that stands for a purse: `<expiry>.<purse>.f`. */
export function floatId(purse: string, usableUntilMs: number): string {
  return `${expiry(usableUntilMs + EXPIRY_MARGIN_MS)}.${purse}.f`;
}

/** What an id of `holds` says. A mark has no expiry of its own. */
export type ParsedId =
  | { readonly kind: 'call'; readonly expiresAtMs: number; readonly callId: string; readonly round: number }
  | { readonly kind: 'float'; readonly expiresAtMs: number; readonly purse: string }
  | { readonly kind: 'mark'; readonly callId: string };

export function parseId(id: string): ParsedId {
  if (id.startsWith(MARK)) return { kind: 'mark', callId: id.slice(MARK.length) };
  const [seconds = '', name = '', last = ''] = id.split('.');
  const expiresAtMs = parseInt(seconds, 36) * 1000;
  return last === 'f'
    ? { kind: 'float', expiresAtMs, purse: name }
    : { kind: 'call', expiresAtMs, callId: name, round: Number(last) };
}

/** Id of the mark that an adjustment leaves in a counter. */
export function markId(callId: string): string {
  return MARK + callId;
}

const MARK = '~';

/**
 * The stored value of a hold: the amount first. In the endpoint's month the facts follow, elsewhere the endpoint's name:
 * every byte here is paid for with each write of a busy counter. Ids are escaped, for anything may stand in them.
 */
export function holdValue(amountPico: bigint, budget: Budget, facts: HoldFacts): string {
  if (!isPrimary(budget, facts)) return `${amountPico}|${escape(facts.endpoint)}`;
  const base = facts.basePico === amountPico ? '' : String(facts.basePico);
  const others = facts.others.map(({ code, purses }) => [code, ...purses].join(':')).join(',');
  return [amountPico, base, escape(facts.caller), escape(facts.model), others].join('|');
}

/** Amount of a stored hold, in pico-USD. */
export function heldPico(value: string): bigint {
  const at = value.indexOf('|');
  return BigInt(at < 0 ? value : value.slice(0, at));
}

/** What a piece in the endpoint's month says of its round. */
export function parsePrimary(value: string): Pick<HoldFacts, 'basePico' | 'caller' | 'model' | 'others'> {
  const [amount = '0', base = '', caller = '', model = '', others = ''] = value.split('|');
  return {
    basePico: BigInt(base === '' ? amount : base),
    caller: decodeURIComponent(caller),
    model: decodeURIComponent(model),
    others: others === '' ? [] : others.split(',').map(parseOther),
  };
}

/** The endpoint that a piece outside its own budgets names. */
export function endpointIn(value: string): string {
  return decodeURIComponent(value.slice(value.indexOf('|') + 1));
}

function parseOther(text: string): OtherBudget {
  const [code = '', ...purses] = text.split(':');
  return { code: code as OtherBudget['code'], purses };
}

function isPrimary({ scope, kind }: Budget, { endpoint }: HoldFacts): boolean {
  return kind === 'month' && scope === `endpoint:${endpoint}`;
}

function expiry(atMs: number): string {
  return Math.ceil(atMs / 1000).toString(36);
}

function escape(id: string): string {
  return id.replaceAll(/[|,%:]/g, encodeURIComponent);
}
