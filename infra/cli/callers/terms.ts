import { InvalidArgumentError, Option, type Command } from 'commander';
import { RATE_TIERS } from '#edge/callers/rate-tiers.ts';
import { parseUsd } from '#platform/money.ts';
import { ROLES } from '#platform/principal.ts';

/** What takes away, in a change, what was said before. Commander knows no null. */
const NONE = 'none';

/** What may be said of a caller, whether it is made or changed. */
export interface Terms {
  readonly name?: string;
  readonly owner?: string;
  readonly role?: string[];
  readonly endpoint?: string[];
  readonly monthly?: string;
  readonly daily?: string;
  readonly rate?: number | typeof NONE;
  readonly expires?: string;
}

/** Adds the options of `Terms` to a command: those of a change may be `none`. */
export function addTerms(command: Command, of: 'create' | 'change'): Command {
  const parsed = <Value>(parse: (text: string) => Value) =>
    of === 'create' ? parse : (text: string) => (text === NONE ? NONE : parse(text));
  const [anyRole, anyEndpoint] = of === 'create' ? [' (default: caller)', ' (default: all)'] : ['', ''];
  return command
    .option('--name <text>', 'what people call it', parsed(String))
    .option('--owner <text>', 'who answers for it', parsed(String))
    .addOption(listOption('--role <role>', `what it may be: ${ROLES.join(', ')}${anyRole}`, ROLES))
    .addOption(listOption('--endpoint <name>', `an endpoint that it may use; may be said again${anyEndpoint}`))
    .option('--monthly <usd>', 'what it may spend in a calendar month, such as 50.00', parsed(parseAmount))
    .option('--daily <usd>', 'what it may spend in a day', parsed(parseAmount))
    .option('--rate <requests>', `requests a second, with all its keys: ${RATE_TIERS.join(', ')}`, parsed(parseRate))
    .option('--expires <moment>', 'when it ends, such as 2026-12-31 or 2026-12-31T18:00:00Z', parsed(parseMoment));
}

/** The terms as the API takes them; what was not said is absent, and null takes away. */
export function wishOf(terms: Terms, of: 'create' | 'change'): Record<string, unknown> {
  const said = (value: string | number | undefined) => (of === 'change' && value === NONE ? null : value);
  const budget = withoutAbsent({ monthlyUsd: said(terms.monthly), dailyUsd: said(terms.daily) });
  const wish = {
    name: said(terms.name),
    owner: said(terms.owner),
    roles: terms.role,
    endpoints: terms.endpoint,
    budget,
    requestsPerSecond: said(terms.rate),
    expiresAt: said(terms.expires),
  };
  return withoutAbsent(wish) ?? {};
}

/** Only what was said: an empty object is not. */
export function withoutAbsent(members: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined {
  const said = Object.entries(members).filter(([, value]) => value !== undefined);
  return said.length === 0 ? undefined : Object.fromEntries(said);
}

/** May be said several times, each with one value: so that no argument that follows is taken for one. */
export function listOption(flags: string, description: string, allowed?: readonly string[]): Option {
  return new Option(flags, description).argParser((value: string, before: readonly string[] | undefined) => {
    if (!allowed || allowed.includes(value)) return [...(before ?? []), value];
    throw new InvalidArgumentError(`Allowed choices are ${allowed.join(', ')}.`);
  });
}

/** A whole number of seconds. @throws InvalidArgumentError */
export function parseSeconds(text: string): number {
  if (/^(0|[1-9]\d{0,7})$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number of seconds.');
}

/** A moment in UTC, as ISO 8601. @throws InvalidArgumentError */
export function parseMoment(text: string): string {
  const moment = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z)?$/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(moment)) return new Date(moment).toISOString();
  throw new InvalidArgumentError('It must be a moment in UTC, such as 2026-12-31 or 2026-12-31T18:00:00Z.');
}

function parseAmount(text: string): string {
  try {
    if (parseUsd(text) >= 0n) return text;
  } catch {
    // Said below, with what else may be wrong.
  }
  throw new InvalidArgumentError('It must be decimal US dollars such as 50.00, with at most 12 decimals.');
}

function parseRate(text: string): number {
  const rate = RATE_TIERS.find((tier) => String(tier) === text);
  if (rate !== undefined) return rate;
  throw new InvalidArgumentError(`It must be one of ${RATE_TIERS.join(', ')}.`);
}
