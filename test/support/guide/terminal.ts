import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** The last words of a start that stays: from then on a person types elsewhere. */
const STAYS = 'Ctrl-C ends it.';
/** After Ctrl-C; start-up says that it ends within seconds. */
const ENDS_WITHIN_MS = 10_000;
/** What a person would not wait for. */
const LONGEST_COMMAND_MS = 60_000;

export interface TerminalOptions {
  readonly name: string;
  /** Where it stands. */
  readonly folder: string;
  /** A folder for what it keeps between commands. */
  readonly stateFolder: string;
  readonly variables: Readonly<Record<string, string>>;
}

interface Job {
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  printed: string;
}

/** A terminal with a shell, as a person uses it: one thing at a time; variables that are exported stay; Ctrl-C ends what stays. */
export class Terminal implements AsyncDisposable {
  readonly #options: TerminalOptions;
  #job: Job | undefined;
  #isClosed = false;

  constructor(options: TerminalOptions) {
    this.#options = options;
  }

  /**
   * Types commands, once what runs there is ended by Ctrl-C, and gives what is printed: to their end, or to where they say that
   * Ctrl-C ends them.
   * @throws Error with all that was printed, when a command fails or takes more than a minute
   */
  async type(commands: string): Promise<string> {
    await this.interrupt();
    if (this.#isClosed) throw new Error('the terminal is closed');
    const job = this.#start(commands);
    const stays = new Promise<'stays'>((resolve) => {
      job.process.stdout!.on('data', () => job.printed.includes(STAYS) && resolve('stays'));
    });
    const limit = setTimeout(() => signal(job, 'SIGKILL'), LONGEST_COMMAND_MS);
    const outcome = await Promise.race([job.ended, stays]);
    clearTimeout(limit);
    if (outcome === 'stays') return job.printed;
    this.#job = undefined;
    if (outcome !== 0) throw new Error(`ended with ${outcome ?? 'a signal'}:\n${commands}\n${job.printed}`);
    return job.printed;
  }

  /** Ctrl-C, and all that was printed by what it ended; nothing where nothing runs. @throws Error when it does not end by that */
  async interrupt(): Promise<string> {
    const job = this.#job;
    if (!job) return '';
    this.#job = undefined;
    signal(job, 'SIGINT');
    const limit = setTimeout(() => signal(job, 'SIGKILL'), ENDS_WITHIN_MS);
    await job.ended;
    clearTimeout(limit);
    if (job.process.signalCode === 'SIGKILL') throw new Error(`Ctrl-C did not end it:\n${job.printed}`);
    return job.printed;
  }

  #start(commands: string): Job {
    const { name, folder, stateFolder, variables } = this.#options;
    const kept = join(stateFolder, `${name}.sh`);
    const script = `exec 2>&1\n[ ! -e '${kept}' ] || . '${kept}'\n${commands}\nexport -p > '${kept}'\n`;
    // A group of its own, which is what a Ctrl-C goes to.
    const child = spawn('sh', ['-e', '-c', script], {
      cwd: folder,
      env: variables,
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'close').then(([exitCode]) => exitCode as number | null);
    const job: Job = { process: child, ended, printed: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (job.printed += text));
    this.#job = job;
    return job;
  }

  /** Closes it, with what runs there: nothing starts there any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.interrupt();
  }
}

/** To all processes of a job. One that is over has none. */
function signal({ process: { pid } }: Job, name: 'SIGINT' | 'SIGKILL'): void {
  try {
    if (pid !== undefined) process.kill(-pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
