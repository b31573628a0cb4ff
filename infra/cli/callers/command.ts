import { InvalidArgumentError, Option, type Command } from 'commander';
import { REDACT_POLICIES } from '#platform/redact-policy.ts';
import { ADMINISTRATORS } from '../administrator.ts';
import { UsageFailure } from '../failure.ts';
import type { FoundWeir } from '../find-weir.ts';
import type { Streams } from '../streams.ts';
import type { CallersContext } from '../callers.ts';
import { addTerms, listOption, parseMoment, parseSeconds, wishOf, withoutAbsent, type Terms } from './terms.ts';

/** What the commands take from around them. */
export interface CallersSurroundings {
  /** @throws UsageFailure where no Weir is known */
  readonly findWeir: () => Promise<FoundWeir>;
  readonly streams: Streams;
  readonly adminKey: string | undefined;
}

interface CreateFlags extends Terms, JsonFlag {
  readonly model?: string[];
  readonly defaultModel?: string;
  readonly cacheSeconds?: number;
  readonly mayStore?: boolean;
  readonly redact?: string;
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
  addChange(callers, surroundings);
  addSwitch(callers, surroundings, 'disable');
  addSwitch(callers, surroundings, 'enable');
  addRevoke(callers, surroundings);
}

function addCreate(callers: Command, surroundings: CallersSurroundings): void {
  const create = callers
    .command('create')
    .description('Make a caller. Its key comes on standard output: this once.')
    .argument(...ID);
  addTerms(create, 'create')
    .addOption(listOption('--model <model>', 'a model that it may name; may be said again (default: all)'))
    .option('--default-model <model>', 'stands in for a model that it does not name')
    .option('--cache-seconds <seconds>', 'keep the answers to it for so long', parseSeconds)
    .option('--may-store', 'OpenAI may keep its answers')
    .addOption(new Option('--redact <policy>', 'what a model may see of its secrets').choices(REDACT_POLICIES))
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      '\nExample:\n  npm run --silent weir -- callers create shop --endpoint summarize --monthly 50 > shop.key',
    )
    .action(async (id: string, flags: CreateFlags) => {
      const { showNewKey } = await import('../callers.ts');
      const wish = { id, ...wishOf(flags, 'create'), ...withoutAbsent({ policy: policyOf(flags) }) };
      await showNewKey((api) => api.create(wish), await contextOf(surroundings, flags));
    });
}

function policyOf({ model, defaultModel, cacheSeconds, mayStore, redact }: CreateFlags) {
  return withoutAbsent({ models: model, defaultModel, cacheSeconds, mayStore, redact });
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

function addChange(callers: Command, surroundings: CallersSurroundings): void {
  const change = callers
    .command('change')
    .description('Change what is said of a caller. What is not named stays; "none" takes away.')
    .argument(...ID);
  addTerms(change, 'change')
    .option(...JSON_FLAG)
    .addHelpText('after', '\nExample:\n  npm run weir -- callers change shop --rate 25 --monthly 80 --expires none')
    .addHelpText('after', `${HOLDS_WITHIN} A policy is changed by the API: PUT /v1/callers/<id>.`)
    .action(async (id: string, flags: Terms & JsonFlag) => {
      const wish = wishOf(flags, 'change');
      if (Object.keys(wish).length === 0) throw new UsageFailure('nothing to change: name one option at least');
      const { showOneCaller } = await import('../callers.ts');
      await showOneCaller((api) => api.change(id, wish), await contextOf(surroundings, flags));
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

function parseId(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)) return text;
  throw new InvalidArgumentError('It must be 1 to 64 letters, digits, dots, dashes or underscores.');
}
