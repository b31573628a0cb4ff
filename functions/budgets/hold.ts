/** What the hold of a call says, so that whoever finds it after a crash can finish the call's accounts. */
export interface HoldFacts {
  readonly callId: string;
  /** A reservation goes in rounds; each round has one hold id in all scopes. */
  readonly round: number;
  /** When the platform will have killed the process: from then on it touches no counter. */
  readonly killAtMs: number;
  readonly caller: string;
  readonly model: string;
  /** Names of all scopes that the round needs, to tell whether it stands whole. */
  readonly scopes: readonly string[];
}

/** After a process is dead for sure, its hold still waits this long: clocks differ, and requests are in flight. */
export const EXPIRY_MARGIN_MS = 60_000;

/**
 * The id begins with the moment of expiry (epoch seconds, base 36), so that a sweeper finds expired holds by their names
 * alone: `<expiry>.<callId>.<round>`.
 */
export function holdId({ callId, round, killAtMs }: HoldFacts): string {
  return `${Math.ceil((killAtMs + EXPIRY_MARGIN_MS) / 1000).toString(36)}.${callId}.${round}`;
}

/** Expiry of a hold in epoch milliseconds, read from its id. */
export function holdExpiresAtMs(id: string): number {
  return parseInt(id.slice(0, id.indexOf('.')), 36) * 1000;
}

/**
 * The stored value of a hold: the amount first. In the endpoint's scope the facts follow, elsewhere the endpoint's name:
 * every byte here is paid for with each write of a busy counter. Ids are escaped, for anything may stand in them.
 */
export function holdValue(amountPico: bigint, scopeName: string, facts: HoldFacts): string {
  const owner = facts.scopes[0] ?? '';
  if (scopeName !== owner) return `${amountPico}|${owner}`;
  const others = facts.scopes.slice(1).map(escape).join(',');
  return [amountPico, escape(facts.caller), escape(facts.model), others].join('|');
}

/** Amount of a stored hold, in pico-USD. */
export function heldPico(value: string): bigint {
  return BigInt(value.slice(0, value.indexOf('|')));
}

function escape(id: string): string {
  return id.replaceAll(/[|,%]/g, encodeURIComponent);
}
