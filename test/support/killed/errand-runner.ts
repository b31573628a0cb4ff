import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { build } from 'esbuild';
import { afterAll } from 'vitest';
import { leanOpenAi } from '#infra/bundle/lean-openai.ts';
import { AWAKE, type Errand, type Outcome } from './errand.ts';

/** Starts processes that each do one errand. */
export interface ErrandRunner extends AsyncDisposable {
  start(errand: Errand): RunningErrand;
}

export interface RunningErrand {
  /** Settles when the process is gone: with what it said at its end, or with nothing if it was killed before. */
  readonly ended: Promise<Outcome | undefined>;
  /** Settles when the handler has given its reply. */
  readonly replied: Promise<void>;
  /** Lets its clock jump, and settles when it knows what time it is. */
  awaken(): Promise<void>;
  /** Kills it as the kernel kills (SIGKILL), and settles when it is gone. */
  kill(): Promise<void>;
}

const ENTRY = join(import.meta.dirname, 'errand-process.ts');
const ROOT = join(import.meta.dirname, '../../..');

/**
 * Bundles the process once for a test file, much as the functions are bundled. So, and with its compiled code cached, it starts
 * in 70 ms of CPU, from the sources in 400: a test starts hundreds.
 */
export async function createErrandRunner(): Promise<ErrandRunner> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-errands-'));
  const file = join(folder, 'errand.cjs');
  await build({
    entryPoints: [ENTRY],
    outfile: file,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    mainFields: ['module', 'main'],
    conditions: ['import', 'module'],
    minify: true,
    plugins: [leanOpenAi],
    inject: [join(ROOT, 'infra', 'bundle', 'plain-headers.ts')],
    define: { 'globalThis.Headers': 'Headers', 'globalThis.Response': 'Response' },
    logLevel: 'silent',
  });
  const environment = { NODE_COMPILE_CACHE: join(folder, 'compiled') };
  return {
    start: (errand) => start(file, environment, errand),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

function start(file: string, environment: Readonly<Record<string, string>>, errand: Errand): RunningErrand {
  // An environment of its own: what this machine says of AWS or of proxies is none of the process's business.
  const child = spawn(process.execPath, [file, JSON.stringify(errand)], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const replied = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  const awake = new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => chunk.includes(AWAKE) && resolve());
  });
  const gone = new Promise<void>((resolve, reject) => child.once('close', () => resolve()).once('error', reject));
  const ended = gone.then(async () => {
    const [output, log] = await said;
    if (child.signalCode === 'SIGKILL') return undefined;
    if (child.exitCode !== 0) throw new Error(`the process ended with ${child.exitCode ?? child.signalCode}: ${log}`);
    return JSON.parse(output) as Outcome;
  });
  // Whoever kills it need not look at what it would have said.
  ended.catch(() => undefined);
  return {
    ended,
    replied,
    async awaken() {
      child.kill('SIGUSR2');
      await Promise.race([awake, gone]);
    },
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

let shared: Promise<ErrandRunner> | undefined;

/** The one of a test file: bundled when it is first asked for, gone with the file. */
export function sharedErrandRunner(): Promise<ErrandRunner> {
  return (shared ??= createErrandRunner());
}

afterAll(async () => (await shared)?.[Symbol.asyncDispose]());
