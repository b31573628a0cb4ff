import type { WeirOutputs } from '#infra/outputs.ts';
import { findAdministrator } from './administrator.ts';
import type { AwsClients } from './aws-clients.ts';
import { createCallerApi } from './callers/caller-api.ts';
import { EXIT, UsageFailure, type ExitCode } from './failure.ts';
import type { FoundWeir } from './find-weir.ts';
import { readKey, type WantedKey } from './read-key.ts';
import { makeFirstCaller } from './setup/first-caller.ts';
import { smokeCall } from './setup/smoke-call.ts';
import { storeKey } from './setup/store-key.ts';
import { write, type Streams } from './streams.ts';

/** What `weir setup` was asked to do. */
export interface SetupRequest {
  /** Name of the secret as specs use it. */
  readonly secret: string;
  readonly callerName: string;
  /** `if-none`: where there is no caller; `always`: a new key in any case; `never`: the OpenAI key alone, without a call. */
  readonly keys: 'if-none' | 'always' | 'never';
}

export interface SetupContext {
  readonly weir: FoundWeir;
  readonly aws: AwsClients;
  readonly streams: Streams;
  /** The administrator's key of a local start, where the environment has one. */
  readonly adminKey: string | undefined;
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
 * Takes a fresh deployment to its first call: stores the OpenAI key, makes a first caller, and tries its key. May be run
 * again at any time.
 *
 * @returns `failed` when the smoke call failed
 * @throws UsageFailure, before anything is changed; CliFailure, naming what could not be reached
 */
export async function setUp(request: SetupRequest, context: SetupContext): Promise<ExitCode> {
  const { weir, streams } = context;
  const { outputs } = weir;
  const isKeyless = outputs.keyless?.includes(request.secret) === true;
  if (isKeyless && request.keys === 'never') {
    throw new UsageFailure(`${request.secret} is keyless: there is no OpenAI key to set`);
  }
  const secretId = isKeyless ? undefined : secretIdOf(request.secret, outputs);
  assertCallerName(request.callerName);
  const say = (line: string) => write(streams.stdout, `${line}\n`);

  await say(
    `OpenAI key     ${secretId === undefined ? `none: ${request.secret} is keyless` : await takeKey(secretId, context)}`,
  );
  if (request.keys === 'never') return EXIT.ok;

  const callerKey = (await provideKey(request, context, say)) ?? context.callerKey;
  if (callerKey === undefined) {
    await say('Smoke call     not made: it needs the key of a caller, in WEIR_CALLER_KEY or made by --new-keys');
    return EXIT.ok;
  }
  const { ok, lines } = await smokeCall(outputs.apiUrl, callerKey);
  for (const [index, line] of lines.entries()) await say((index === 0 ? 'Smoke call' : '').padEnd(15) + line);
  return ok ? EXIT.ok : EXIT.failed;
}

/** Stores the key that comes on standard input, and says where. */
async function takeKey(secretId: string, { aws, streams }: SetupContext): Promise<string> {
  const outcome = await storeKey(aws.secretsManager, secretId, await readKey(OPENAI_KEY, streams));
  return `${outcome === 'created' ? 'put into the new secret' : 'now the current version of'} ${secretId}`;
}

/** Makes a first caller and shows its key, where there is no caller or where a key is wanted. */
async function provideKey(
  { keys, callerName }: SetupRequest,
  { weir, adminKey, streams }: SetupContext,
  say: (line: string) => Promise<void>,
): Promise<string | undefined> {
  const api = createCallerApi(weir.outputs.apiUrl, await findAdministrator(weir, adminKey, streams));
  const first = await makeFirstCaller(callerName, keys === 'always', api);
  if ('kept' in first) {
    const others = first.kept.length > 1 ? ` and ${first.kept.length - 1} more` : '';
    await say(`Caller         ${first.kept[0]}${others}: there already, and kept; --new-keys makes another key`);
    return undefined;
  }
  await say(`Caller         ${first.made.key}  (${callerName})`);
  await say('               Keep it: it is shown this once, and Weir knows its hash alone.');
  return first.made.key;
}

function secretIdOf(name: string, { secrets }: WeirOutputs): string {
  const id = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
  if (id !== undefined) return id;
  const names = Object.keys(secrets).sort().join(', ');
  throw new UsageFailure(`--secret must be one of ${names}, but '${name}' was provided`);
}

function assertCallerName(name: string): void {
  if (CALLER_NAME.test(name)) return;
  throw new UsageFailure(
    `--caller-name must be 1 to 64 letters, digits, dots, dashes or underscores, but '${name.slice(0, 80)}' was provided`,
  );
}
