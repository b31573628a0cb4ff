import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { WeirOutputs } from '#infra/outputs.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** The last words of start-up. */
const READY = 'Ctrl-C ends it.';

export interface EndedWeir {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `npm start` as a process of its own. */
export class StartedWeir {
  readonly process: ChildProcess;
  readonly ended: Promise<EndedWeir>;
  readonly dataDir: string;
  stdout = '';
  stderr = '';

  constructor(dataDir: string, variables: Readonly<Record<string, string>>) {
    this.dataDir = dataDir;
    this.process = spawn(process.execPath, [join(ROOT, 'infra/local/start.ts')], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], HOME: dataDir, PORT: '0', WEIR_DATA_DIR: dataDir, ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stdout!.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.process.stderr!.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = once(this.process, 'close').then(([exitCode]) => ({
      exitCode: exitCode as number | null,
      stdout: this.stdout,
      stderr: this.stderr,
    }));
  }

  /** Where it is and what its parts are called, as it wrote it down. */
  get outputs(): WeirOutputs {
    return JSON.parse(readFileSync(join(this.dataDir, 'outputs.json'), 'utf8')) as WeirOutputs;
  }

  /** The process of its database, which outlives a gateway that is killed. */
  get databasePid(): number {
    return (JSON.parse(readFileSync(join(this.dataDir, 'dynamodb.json'), 'utf8')) as { pid: number }).pid;
  }

  /** The two keys that it printed. */
  get keys(): { readonly caller: string; readonly administrator: string } {
    const keyAfter = (words: string) => new RegExp(`${words} +(\\S+)`).exec(this.stdout)?.[1] ?? '';
    return { caller: keyAfter('caller key'), administrator: keyAfter('administrator key') };
  }

  /** @throws Error with all that it said, when it ends in place of becoming ready */
  async ready(): Promise<this> {
    while (!this.stdout.includes(READY)) {
      const ended = await Promise.race([this.ended, once(this.process.stdout!, 'data')]);
      if (!Array.isArray(ended)) throw new Error(`Weir ended with ${ended.exitCode}: ${this.stdout}${this.stderr}`);
    }
    return this;
  }

  /** Ctrl-C. */
  interrupt(): Promise<EndedWeir> {
    this.process.kill('SIGINT');
    return this.ended;
  }
}

/** Whether a process still runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // One that has ended and that nobody has collected yet has a number all the same.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
