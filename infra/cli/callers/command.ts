import { InvalidArgumentError, Option, type Command } from 'commander';
import { RATE_TIERS } from '#edge/callers/rate-tiers.ts';
import { parseUsd } from '#platform/money.ts';
import { ROLES } from '#platform/principal.ts';
import { REDACT_POLICIES } from '#platform/redact-policy.ts';
import { ADMINISTRATORS } from '../administrator.ts';
import type { FoundWeir } from '../find-weir.ts';
import type { Streams } from '../streams.ts';
import type { CallersContext } from '../callers.ts';

/** What the commands take from around them. */
export interface CallersSurroundings {
  /** @throws UsageFailure where no Weir is known */
  readonly findWeir: () => Promise<FoundWeir>;
  readonly streams: Streams;
  readonly adminKey: string | undefined;
}

interface CreateFlags {
  readonly name?: string;
  readonly owner?: string;
  readonly role?: string[];
  readonly endpoint?: string[];
  readonly model?: string[];
  readonly defaultModel?: string;
  readonly cacheSeconds?: number;
  readonly mayStore?: boolean;
  readonly redact?: string;
  readonly monthly?: string;
  readonly daily?: string;
  readonly rate?: number;
  readonly expires?: string;
  readonly json?: boolean;
}

interface JsonFlag {
  readonly json?: boolean;
}

const JSON_FLAG = ['--json', 'one line of JSON for each, for machines'] as const;
const ID = ['<id>', 'the caller, such as shop', parseId] as const;
const HOLDS_WITHIN = '\nWhat API Gateway knew of a key holds for up to 60 seconds more.';

/** Adds `weir callers`. What its commands need is loaded when one of them runs. */
export function addCallersCommand(weir: Command, surroundings: CallersSurroundings): void {
  const callers = weir
    .command('callers')
    .description('Make, show, change and revoke the callers of this Weir, and their keys.')
    .addHelpText(
      'after',
      '\nExample:\n  npm run --silent weir -- callers create shop --endpoint summarize --monthly 50',
    )
    .addHelpText('after', ADMINISTRATORS);
  addCreate(callers, surroundings);
  addList(callers, surroundings);
  addShow(callers, surroundings);
  addRotate(callers, surroundings);
  addRate(callers, surroundings);
  addSwitch(callers, surroundings, 'disable');
  addSwitch(callers, surroundings, 'enable');
  addRevoke(callers, surroundings);
}

function addCreate(callers: Command, surroundings: CallersSurroundings): void {
  callers
    .command('create')
    .description('Make a caller. Its key comes on standard output: this once.')
    .argument(...ID)
    .option('--name <text>', 'what people call it')
    .option('--owner <text>', 'who answers for it')
    .addOption(listOption('--role <role>', `what it may be: ${ROLES.join(', ')} (default: caller)`, ROLES))
    .addOption(listOption('--endpoint <name>', 'an endpoint that it may use; may be said again (default: all)'))
    .addOption(listOption('--model <model>', 'a model that it may name; may be said again (default: all)'))
    .option('--default-model <model>', 'stands in for a model that it does not name')
    .option('--cache-seconds <seconds>', 'keep the answers to it for so long', parseSeconds)
    .option('--may-store', 'OpenAI may keep its answers')
    .addOption(new Option('--redact <policy>', 'what a model may see of its secrets').choices(REDACT_POLICIES))
    .option('--monthly <usd>', 'what it may spend in a calendar month, such as 50.00', parseAmount)
    .option('--daily <usd>', 'what it may spend in a day', parseAmount)
    .option('--rate <requests>', `requests a second, with all its keys: ${RATE_TIERS.join(', ')}`, parseRate)
    .option('--expires <moment>', 'when it ends, such as 2026-12-31 or 2026-12-31T18:00:00Z', parseMoment)
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      '\nExample:\n  npm run --silent weir -- callers create shop --endpoint summarize --monthly 50 > shop.key',
    )
    .action(async (id: string, flags: CreateFlags) => {
      const { showNewKey } = await import('../callers.ts');
      await showNewKey((api) => api.create(wishOf(id, flags)), await contextOf(surroundings, flags));
    });
}

function wishOf(id: string, flags: CreateFlags) {
  const { name, owner, role, endpoint, monthly, daily, rate, expires } = flags;
  const { model, defaultModel, cacheSeconds, mayStore, redact } = flags;
  const policy = withoutAbsent({ models: model, defaultModel, cacheSeconds, mayStore, redact });
  const budget = withoutAbsent({ monthlyUsd: monthly, dailyUsd: daily });
  return {
    id,
    ...withoutAbsent({ name, owner, roles: role, endpoints: endpoint, policy, budget }),
    ...withoutAbsent({ requestsPerSecond: rate, expiresAt: expires }),
  };
}

/** Only what was said: an empty object is not. */
function withoutAbsent(members: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined {
  const said = Object.entries(members).filter(([, value]) => value !== undefined);
  return said.length === 0 ? undefined : Object.fromEntries(said);
}

function addList(callers: Command, surroundings: CallersSurroundings): void {
  callers
    .command('list')
    .description('Show all callers.')
    .option(...JSON_FLAG)
    .addHelpText('after', '\nExample:\n  npm run --silent weir -- callers list --json')
    .action(async (flags: JsonFlag) => {
      const { showCallers } = await import('../callers.ts');
      await showCallers((api) => api.list(), await contextOf(surroundings, flags));
    });
}

function addShow(callers: Command, surroundings: CallersSurroundings): void {
  callers
    .command('show')
    .description('Show a caller and its keys, by their ids.')
    .argument(...ID)
    .option(...JSON_FLAG)
    .addHelpText('after', '\nExample:\n  npm run weir -- callers show shop')
    .action(async (id: string, flags: JsonFlag) => {
      const { showOneCaller } = await import('../callers.ts');
      await showOneCaller((api) => api.read(id), await contextOf(surroundings, flags));
    });
}

function addRotate(callers: Command, surroundings: CallersSurroundings): void {
  callers
    .command('rotate')
    .description('Make a new key for a caller, on standard output: this once. The older ones end after the overlap.')
    .argument(...ID)
    .option('--overlap <seconds>', 'so long the older keys still work', parseSeconds, 86_400)
    .option('--expires <moment>', 'when the new key ends (default: with its caller)', parseMoment)
    .option(...JSON_FLAG)
    .addHelpText('after', '\nExample:\n  npm run --silent weir -- callers rotate shop --overlap 3600 > shop.key')
    .addHelpText('after', HOLDS_WITHIN)
    .action(async (id: string, { overlap, expires, json }: JsonFlag & { overlap: number; expires?: string }) => {
      const { showNewKey } = await import('../callers.ts');
      const wish = { overlapSeconds: overlap, ...(expires !== undefined && { expiresAt: expires }) };
      await showNewKey((api) => api.rotate(id, wish), await contextOf(surroundings, { json }));
    });
}

function addRate(callers: Command, surroundings: CallersSurroundings): void {
  callers
    .command('rate')
    .description('Change how many requests a second a caller may make, with all its keys.')
    .argument(...ID)
    .argument('<requests>', `${RATE_TIERS.join(', ')}, or none`, (text) => (text === 'none' ? null : parseRate(text)))
    .option(...JSON_FLAG)
    .addHelpText('after', '\nExample:\n  npm run weir -- callers rate shop 25')
    .addHelpText('after', HOLDS_WITHIN)
    .action(async (id: string, requestsPerSecond: number | null, flags: JsonFlag) => {
      const { showOneCaller } = await import('../callers.ts');
      await showOneCaller((api) => api.change(id, { requestsPerSecond }), await contextOf(surroundings, flags));
    });
}

function addSwitch(callers: Command, surroundings: CallersSurroundings, verb: 'disable' | 'enable'): void {
  callers
    .command(verb)
    .description(verb === 'disable' ? 'Refuse a caller, until it is enabled again.' : 'Let a disabled caller in again.')
    .argument(...ID)
    .option(...JSON_FLAG)
    .addHelpText('after', `\nExample:\n  npm run weir -- callers ${verb} shop`)
    .addHelpText('after', HOLDS_WITHIN)
    .action(async (id: string, flags: JsonFlag) => {
      const { showOneCaller } = await import('../callers.ts');
      const disabled = verb === 'disable';
      await showOneCaller((api) => api.change(id, { disabled }), await contextOf(surroundings, flags));
    });
}

function addRevoke(callers: Command, surroundings: CallersSurroundings): void {
  callers
    .command('revoke')
    .description('Revoke a caller with all its keys, for good, or one key of it.')
    .argument(...ID)
    .option('--key <keyId>', 'this key alone, as `callers show` names it')
    .option(...JSON_FLAG)
    .addHelpText('after', '\nExample:\n  npm run weir -- callers revoke shop --key key_0123456789ab')
    .addHelpText('after', HOLDS_WITHIN)
    .action(async (id: string, { key, json }: JsonFlag & { readonly key?: string }) => {
      const { showOneCaller } = await import('../callers.ts');
      await showOneCaller((api) => api.revoke(id, key), await contextOf(surroundings, { json }));
    });
}

async function contextOf(
  { findWeir, streams, adminKey }: CallersSurroundings,
  { json = false }: { readonly json?: boolean | undefined },
): Promise<CallersContext> {
  return { weir: await findWeir(), streams, adminKey, json };
}

/** May be said several times, each with one value: so that no argument that follows is taken for one. */
function listOption(flags: string, description: string, allowed?: readonly string[]): Option {
  return new Option(flags, description).argParser((value: string, before: readonly string[] | undefined) => {
    if (!allowed || allowed.includes(value)) return [...(before ?? []), value];
    throw new InvalidArgumentError(`Allowed choices are ${allowed.join(', ')}.`);
  });
}

function parseId(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)) return text;
  throw new InvalidArgumentError('It must be 1 to 64 letters, digits, dots, dashes or underscores.');
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

function parseSeconds(text: string): number {
  if (/^(0|[1-9]\d{0,7})$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number of seconds.');
}

function parseMoment(text: string): string {
  const moment = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z)?$/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(moment)) return new Date(moment).toISOString();
  throw new InvalidArgumentError('It must be a moment in UTC, such as 2026-12-31 or 2026-12-31T18:00:00Z.');
}
