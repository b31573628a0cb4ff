import { findAdministrator } from './administrator.ts';
import { createCallerApi, type Caller, type CallerApi, type NewKey } from './callers/caller-api.ts';
import { about } from './failure.ts';
import type { FoundWeir } from './find-weir.ts';
import { write, type Streams } from './streams.ts';
import { alignedTable, type Column } from './table.ts';

export interface CallersContext {
  readonly weir: FoundWeir;
  readonly streams: Streams;
  /** The administrator's key, where the environment has one. */
  readonly adminKey: string | undefined;
  /** One line of JSON a caller, instead of a table. */
  readonly json: boolean;
}

/**
 * Asks for a new key, and writes it to standard output, alone; what it belongs to goes to standard error. With `json` all of it is one
 * line on standard output.
 * @throws CliFailure with what the API says
 */
export async function showNewKey(ask: (api: CallerApi) => Promise<NewKey>, context: CallersContext): Promise<void> {
  const { json, streams } = context;
  const made = await ask(await openApi(context));
  const text = json ? `${JSON.stringify(made)}\n` : `${made.key}\n`;
  await about('standard output', write(streams.stdout, text));
  if (json) return;
  await write(streams.stderr, callerTable([made.caller]));
  await write(streams.stderr, `Keep the key: it is shown this once, and Weir knows its hash alone (${made.keyId}).\n`);
}

/** Asks for callers, and shows them. @throws CliFailure with what the API says */
export async function showCallers(ask: (api: CallerApi) => Promise<Caller[]>, context: CallersContext): Promise<void> {
  const { json, streams } = context;
  const callers = await ask(await openApi(context));
  const text = json ? callers.map((caller) => `${JSON.stringify(caller)}\n`).join('') : callerTable(callers);
  await about('standard output', write(streams.stdout, text));
}

/** Asks for one caller, and shows it with its keys. @throws CliFailure with what the API says */
export async function showOneCaller(ask: (api: CallerApi) => Promise<Caller>, context: CallersContext): Promise<void> {
  const { json, streams } = context;
  const caller = await ask(await openApi(context));
  const text = json ? `${JSON.stringify(caller)}\n` : `${callerTable([caller])}\n${keyTable(caller)}`;
  await about('standard output', write(streams.stdout, text));
}

async function openApi({ weir, adminKey, streams }: CallersContext): Promise<CallerApi> {
  return createCallerApi(weir.outputs.apiUrl, await findAdministrator(weir, adminKey, streams));
}

const textColumns = (...titles: readonly string[]) => titles.map((title): Column => ({ title, holds: 'text' }));

function callerTable(callers: readonly Caller[]): string {
  const columns = textColumns(
    'caller',
    'state',
    'roles',
    'endpoints',
    'a month',
    'a day',
    'a second',
    'ends (UTC)',
    'keys',
    'owner',
  );
  const rows = callers.map(
    ({ id, state, roles, endpoints, budget, requestsPerSecond, expiresAt, keys, owner = '' }) => [
      id,
      state,
      roles.join(','),
      endpoints.join(',') || 'none',
      inDollars(budget.monthlyUsd),
      inDollars(budget.dailyUsd),
      typeof requestsPerSecond === 'number' ? String(requestsPerSecond) : 'no limit',
      momentOf(expiresAt),
      String(keys.filter(({ isOver }) => !isOver).length),
      owner,
    ],
  );
  return alignedTable(columns, rows);
}

function keyTable({ keys }: Caller): string {
  const columns = textColumns('key', 'made (UTC)', 'ends (UTC)', 'works');
  const rows = keys.map(({ keyId, createdAt, expiresAt, isOver }) => [
    keyId,
    momentOf(createdAt),
    momentOf(expiresAt),
    isOver ? 'no' : 'yes',
  ]);
  return alignedTable(columns, rows);
}

function inDollars(limitUsd: string | null): string {
  return limitUsd === null ? 'no limit' : `$${limitUsd}`;
}

function momentOf(time: string | null): string {
  return time === null ? 'never' : time.slice(0, 16).replace('T', ' ');
}
