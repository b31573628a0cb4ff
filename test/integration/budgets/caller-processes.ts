import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { CallerMessage, CallerSettings, CallRound } from './caller-process.ts';

const ENTRY = resolve(import.meta.dirname, 'caller-process.ts');

/** Environments of Weir that call all at once, each a process of its own. To be held by `await using`. */
export async function startCallerProcesses(count: number, settings: CallerSettings): Promise<CallerProcesses> {
  const children = Array.from({ length: count }, () => fork(ENTRY, [JSON.stringify(settings)], { execArgv: [] }));
  await Promise.all(children.map((child) => once(child, 'message')));
  return new CallerProcesses(children);
}

export class CallerProcesses {
  readonly #children: readonly ChildProcess[];

  constructor(children: readonly ChildProcess[]) {
    this.#children = children;
  }

  /** Has every process make so many calls. */
  call(round: CallRound): CallerReplies {
    return new CallerReplies(this.#children, round);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.#children.map((child) => once(child, 'exit'));
    for (const child of this.#children) child.disconnect();
    await Promise.all(ended);
  }
}

/** What has come back of one round of calls. */
export class CallerReplies {
  /** Status (or the error's code) → how many calls. */
  readonly counts = new Map<string, number>();
  readonly all: number;
  replied = 0;
  #next = Promise.withResolvers<void>();

  constructor(children: readonly ChildProcess[], round: CallRound) {
    this.all = children.length * round.calls;
    for (const child of children) {
      let left = round.calls;
      const onMessage = (message: CallerMessage) => {
        if (message === 'ready') return;
        const { status, code } = message;
        const name = status === 200 ? '200' : `${status} ${code}`;
        this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
        this.replied += 1;
        if (--left === 0) child.off('message', onMessage);
        this.#next.resolve();
        this.#next = Promise.withResolvers();
      };
      child.on('message', onMessage);
      child.send(round);
    }
  }

  /** Settles with the next reply. */
  get next(): Promise<void> {
    return this.#next.promise;
  }

  /** Settles when all have replied. */
  async ended(): Promise<ReadonlyMap<string, number>> {
    while (this.replied < this.all) await this.next;
    return this.counts;
  }
}
