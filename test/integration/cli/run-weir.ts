import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { localTableNames } from '#infra/local/create-tables.ts';
import type { WeirOutputs } from '#infra/outputs.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

export interface RunOptions {
  /** What comes on standard input. @default nothing */
  readonly stdin?: string | Buffer;
  /** The child has these variables and PATH, and no others. */
  readonly env?: Readonly<Record<string, string>>;
  /** Aborting sends Ctrl-C. */
  readonly interrupt?: AbortSignal;
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real command line as a process of its own, as `npm run weir --` does. */
export async function runWeir(
  args: readonly string[],
  { stdin = '', env = {}, interrupt }: RunOptions = {},
): Promise<Ran> {
  const child = spawn(process.execPath, ['infra/cli/weir.ts', ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], ...env },
    stdio: 'pipe',
  });
  // Nothing outlives the test that started it, however that ends.
  onTestFinished(() => void child.kill('SIGKILL'));
  interrupt?.addEventListener('abort', () => child.kill('SIGINT'));
  // A child that refuses its arguments may be gone before it has read anything.
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  const ended = new Promise<number | null>((done) => child.once('close', done));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}

/** Outputs as `npm start` would write them, for a Weir of which a test has only some parts. */
export function outputsWith(parts: Partial<WeirOutputs>): WeirOutputs {
  const nowhere = 'http://127.0.0.1:9';
  return {
    apiUrl: nowhere,
    region: 'us-east-1',
    tables: localTableNames(),
    secrets: { openai: 'weir/openai' },
    queues: {},
    awsEndpoints: { dynamodb: nowhere, secretsmanager: nowhere, sqs: nowhere },
    ...parts,
  };
}
