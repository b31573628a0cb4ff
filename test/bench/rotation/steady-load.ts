import { performance } from 'node:perf_hooks';
import { streamRequest } from '#test/support/stream-request.ts';

/** What is called, and by what its plain and its streamed reply are known to be whole. */
interface Kind {
  readonly path: string;
  body(text: string): object;
  readonly whole: RegExp;
  readonly streamEnd: RegExp;
}

const MODEL = 'gpt-6-luna';
const KINDS: readonly Kind[] = [
  {
    path: '/v1/summarize',
    body: (words) => ({ text: words }),
    whole: /^\{"summary":"/,
    streamEnd: /^event: done$/m,
  },
  {
    path: '/openai/v1/chat/completions',
    body: (words) => ({ model: MODEL, messages: [{ role: 'user', content: words }] }),
    whole: /"finish_reason":\s*"stop"/,
    streamEnd: /^data: \[DONE\]$/m,
  },
  {
    path: '/openai/v1/responses',
    body: (words) => ({ model: MODEL, input: words }),
    whole: /"status":\s*"completed"/,
    streamEnd: /^event: response\.completed$/m,
  },
];

/** The functions that are called: each has a key ring of its own. */
export const FUNCTIONS_CALLED = KINDS.length;

export interface LoadSeen {
  readonly plain: number;
  readonly streamed: number;
  readonly failures: readonly string[];
  readonly tookMs: readonly number[];
}

/** Calls that begin at a steady rate, however long the ones before them take; half of them stream. */
export class SteadyLoad {
  readonly #weir: { readonly url: string; readonly callerKey: string };
  readonly #everyMs: number;
  readonly #pending = new Set<Promise<void>>();
  readonly #seen = { plain: 0, streamed: 0, failures: [] as string[], tookMs: [] as number[] };
  #begun = 0;

  constructor(weir: { readonly url: string; readonly callerKey: string }, callsASecond: number) {
    this.#weir = weir;
    this.#everyMs = 1000 / callsASecond;
  }

  /** One call of every kind, plain and streamed, before the clock runs. @throws Error for the first that fails */
  async warmUp(): Promise<void> {
    for (let number = 0; number < 2 * KINDS.length; number++) await this.#call(number);
    const [failure] = this.#seen.failures;
    if (failure !== undefined) throw new Error(failure);
    Object.assign(this.#seen, { plain: 0, streamed: 0, tookMs: [] });
  }

  /** Calls for so long, and gives what was seen when the last call has ended. */
  async run(forMs: number): Promise<LoadSeen> {
    const startedMs = performance.now();
    const calls = Math.round(forMs / this.#everyMs);
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        // By the clock: a late timer does not make the load a lighter one.
        const due = Math.min(calls, Math.floor((performance.now() - startedMs) / this.#everyMs) + 1);
        while (this.#begun < due) this.#begin(this.#begun++);
        if (this.#begun < calls) return;
        clearInterval(timer);
        resolve();
      }, this.#everyMs / 2);
    });
    await Promise.all(this.#pending);
    return this.#seen;
  }

  #begin(number: number): void {
    const call = this.#call(number).finally(() => this.#pending.delete(call));
    this.#pending.add(call);
  }

  async #call(number: number): Promise<void> {
    const kind = KINDS[number % KINDS.length] as Kind;
    const isStreamed = number % (2 * KINDS.length) >= KINDS.length;
    const startedMs = performance.now();
    try {
      const reply = await streamRequest(this.#weir.url + kind.path, {
        headers: {
          authorization: `Bearer ${this.#weir.callerKey}`,
          'content-type': 'application/json',
          'cache-control': 'no-store',
        },
        body: JSON.stringify({ ...kind.body(`A text of its own: ${number}.`), ...(isStreamed && { stream: true }) }),
      });
      const said = await reply.text();
      const isWhole = (isStreamed ? kind.streamEnd : kind.whole).test(said) && !/^event: error/m.test(said);
      if (reply.status !== 200 || !isWhole)
        this.#seen.failures.push(`${kind.path}: ${reply.status} ${said.slice(-300)}`);
    } catch (error) {
      this.#seen.failures.push(`${kind.path}: ${(error as Error).message}`);
    }
    this.#seen[isStreamed ? 'streamed' : 'plain'] += 1;
    this.#seen.tookMs.push(performance.now() - startedMs);
  }
}
