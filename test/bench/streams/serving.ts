import { lookAtRest, type AtRest } from '../at-rest.ts';
import { answerQuestions, startCompanion, type Companion, type CompanionOptions } from '../companion.ts';

export type ServingQuestion = { readonly what: 'look' | 'cpu' | 'rest' };

/** A process that serves streams, and tells what it spends and holds. */
export interface Serving extends AsyncDisposable {
  readonly url: string;
  /** CPU milliseconds since its start, user's and system's, garbage collection included. */
  cpuMs(): Promise<number>;
  atRest(): Promise<AtRest>;
}

/** Starts a file of this folder as a process that serves. */
export async function startServing(file: string, options: CompanionOptions = {}): Promise<Serving> {
  const process: Companion<ServingQuestion, unknown> = startCompanion(`streams/${file}`, options);
  const url = (await process.ask({ what: 'look' })) as string;
  return {
    url,
    cpuMs: async () => (await process.ask({ what: 'cpu' })) as number,
    atRest: async () => (await process.ask({ what: 'rest' })) as AtRest,
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}

/** The process's side. */
export function answerServing(url: Promise<string>): void {
  answerQuestions((question) => {
    switch ((question as ServingQuestion).what) {
      case 'look':
        return url;
      case 'cpu':
        return ownCpuMs();
      case 'rest':
        return lookAtRest();
    }
  });
}

/** What this process has spent. */
export function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
