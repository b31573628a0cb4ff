import type { WeirOutputs } from '#infra/outputs.ts';
import type { Clock } from '#platform/clock.ts';
import type { AwsClients } from './aws-clients.ts';
import { EXIT, UsageFailure, type ExitCode } from './failure.ts';
import { readKey, type WantedKey } from './read-key.ts';
import { firstKeysMadeAt, makeFirstKeys, type FirstKeys } from './setup/first-keys.ts';
import { smokeCall } from './setup/smoke-call.ts';
import { storeKey } from './setup/store-key.ts';
import { write, type Streams } from './streams.ts';

/** What `weir setup` was asked to do. */
export interface SetupRequest {
  /** Name of the secret as specs use it. */
  readonly secret: string;
  readonly adminName: string;
  readonly callerName: string;
  /** `if-none`: the first time; `always`: again; `never`: the OpenAI key alone, without a call. */
  readonly keys: 'if-none' | 'always' | 'never';
}

export interface SetupContext {
  readonly outputs: WeirOutputs;
  readonly aws: AwsClients;
  readonly streams: Streams;
  readonly clock: Clock;
  /** A key for the smoke call of a set-up that makes none. */
  readonly callerKey: string | undefined;
}

const OPENAI_KEY: WantedKey = {
  name: 'OpenAI key',
  advice: 'printenv OPENAI_API_KEY | npm run weir -- setup',
  minChars: 20,
};
const CALLER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * Takes a fresh deployment to its first call: stores the OpenAI key, makes the first keys, and tries one of them. May be run
 * again at any time.
 *
 * @returns `failed` when the smoke call failed
 * @throws UsageFailure, before anything is changed; CliFailure, naming what could not be reached
 */
export async function setUp(request: SetupRequest, context: SetupContext): Promise<ExitCode> {
  const { outputs, aws, streams } = context;
  const secretId = secretIdOf(request.secret, outputs);
  for (const [option, name] of [
    ['--admin-name', request.adminName],
    ['--caller-name', request.callerName],
  ] as const) {
    assertCallerName(option, name);
  }
  const say = (line: string) => write(streams.stdout, `${line}\n`);

  const key = await readKey(OPENAI_KEY, streams);
  const outcome = await storeKey(aws.secretsManager, secretId, key);
  await say(
    `OpenAI key     ${outcome === 'created' ? 'put into the new secret' : 'now the current version of'} ${secretId}`,
  );
  if (request.keys === 'never') return EXIT.ok;

  const keys = await provideKeys(request, context, say);
  const callerKey = keys?.callerKey ?? context.callerKey;
  if (callerKey === undefined) {
    await say('Smoke call     not made: it needs the key of a caller, in WEIR_CALLER_KEY or made by --new-keys');
    return EXIT.ok;
  }
  const { ok, lines } = await smokeCall(outputs.apiUrl, callerKey);
  for (const [index, line] of lines.entries()) await say((index === 0 ? 'Smoke call' : '').padEnd(15) + line);
  return ok ? EXIT.ok : EXIT.failed;
}

/** Makes and shows keys where there are none or where new ones are wanted. */
async function provideKeys(
  { keys, adminName, callerName }: SetupRequest,
  { outputs, aws, clock }: SetupContext,
  say: (line: string) => Promise<void>,
): Promise<FirstKeys | undefined> {
  const callers = { dynamodb: aws.dynamodb, table: outputs.tables.callers };
  const madeAt = await firstKeysMadeAt(callers);
  if (madeAt !== undefined && keys === 'if-none') {
    await say(`Keys           made on ${madeAt}, and kept; --new-keys makes more`);
    return undefined;
  }
  const made = await makeFirstKeys(callers, { admin: adminName, caller: callerName }, clock.nowMs(), madeAt);
  await say(`Administrator  ${made.adminKey}  (${adminName})`);
  await say(`Caller         ${made.callerKey}  (${callerName})`);
  await say('               Keep both: they are shown this once, and Weir knows their hashes alone.');
  return made;
}

function secretIdOf(name: string, { secrets }: WeirOutputs): string {
  const id = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
  if (id !== undefined) return id;
  const names = Object.keys(secrets).sort().join(', ');
  throw new UsageFailure(`--secret must be one of ${names}, but '${name}' was provided`);
}

function assertCallerName(option: string, name: string): void {
  if (CALLER_NAME.test(name)) return;
  throw new UsageFailure(
    `${option} must be 1 to 64 letters, digits, dots, dashes or underscores, but '${name.slice(0, 80)}' was provided`,
  );
}
