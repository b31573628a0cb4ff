import { AwsServiceError } from '#platform/aws/signed-service.ts';
import type { FakeClock } from './fake-clock.ts';

/**
 * What becomes of a request. `lost`: it never arrives. `unheard`: it is done, and its answer is lost. `late`: the client gives it
 * up, and then it arrives. `slow`: it is done, its answer comes some time. `twice`: it arrives twice, and the second answer
 * is heard. `throttled`: refused, nothing is done.
 */
export const FATES = ['slow', 'lost', 'unheard', 'late', 'twice', 'throttled'] as const;
export type Fate = (typeof FATES)[number];

/** Whoever sends requests. */
export interface Sender {
  readonly name: string;
  /** It hears of answers now. */
  readonly isAwake: boolean;
}

interface Request {
  readonly process: Sender;
  readonly text: string;
  readonly sentAtMs: number;
  /** Whoever sent it waits as long as it takes. */
  readonly isPatient: boolean;
  /** Has it done, and gives what hands over the answer. */
  readonly land: () => Promise<() => void>;
  readonly fail: (error: Error) => void;
}

interface Answer {
  readonly process: Sender;
  readonly text: string;
  readonly deliver: () => void;
  readonly fail: (error: Error) => void;
}

/** A request that was given up may still arrive, but not later than this: the network forgets. */
const LATEST_MS = 20_000;
const SILENCE = new Error('no answer');
const THROTTLED = new AwsServiceError('ProvisionedThroughputExceededException', 400, 'Throttled by the test.');

/**
 * Stands between the simulated processes and everything outside of them. A request waits here for its turn: nothing moves
 * unless the run says so, one request at a time, so that the same plan is played the same way each time.
 */
export class Network {
  /** What happened, in order. */
  readonly trace: string[] = [];
  readonly #clock: FakeClock;
  readonly #waiting: Request[] = [];
  readonly #answers: Answer[] = [];
  readonly #late: Request[] = [];
  readonly #failures: string[] = [];
  /** Whose request is being done. */
  actor: Sender | undefined;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  /** Sends a request. Settles when its answer is handed over, or given up; never for a process that dies. */
  send<Result>(
    process: Sender,
    text: string,
    work: () => Promise<Result>,
    { isPatient = false } = {},
  ): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const land = async () => {
      this.actor = process;
      const result = await work();
      this.note(process, `${text} → ${shown(result)}`);
      return () => resolve(result);
    };
    this.#waiting.push({ process, text, sentAtMs: this.#clock.nowMs(), isPatient, land, fail: reject });
    return promise;
  }

  /** Something was asked that must not be. */
  fail(what: string): void {
    this.#failures.push(what);
  }

  assertNoFailure(): void {
    const [first] = this.#failures;
    if (first !== undefined) throw new Error(first);
  }

  note({ name }: Sender, text: string): void {
    this.trace.push(`${new Date(this.#clock.nowMs()).toISOString().slice(8, 23)} ${name.padEnd(5)} ${text}`);
  }

  /** How many turns could be taken now. */
  get open(): number {
    return this.#waiting.length + this.#deliverable().length + this.#late.length;
  }

  /** Serves those that are awake, until nobody waits; or nobody but who has patience. */
  async serveAwake(isPatienceServed: boolean): Promise<void> {
    for (;;) {
      const [answer] = this.#deliverable();
      const request = this.#waiting.findIndex(
        ({ process, isPatient }) => process.isAwake && (isPatienceServed || !isPatient),
      );
      if (answer) this.#hand(answer);
      else if (request >= 0) await this.#arrive(this.#waiting.splice(request, 1)[0]!);
      else return;
      await quiet();
    }
  }

  /** One turn: a request arrives and is answered, or an answer comes, or what was given up arrives after all. */
  async serve(at: number): Promise<void> {
    const deliverable = this.#deliverable();
    const { waiting, late } = { waiting: this.#waiting.length, late: this.#late.length };
    const index = at % (waiting + deliverable.length + late);
    if (index < waiting) await this.#arrive(this.#waiting.splice(index, 1)[0]!);
    else if (index < waiting + deliverable.length) this.#hand(deliverable[index - waiting]!);
    else await this.#late.splice(index - waiting - deliverable.length, 1)[0]!.land();
    await quiet();
  }

  /** Something goes wrong with a request that waits. */
  async strike(at: number, fate: Fate): Promise<void> {
    if (this.#waiting.length === 0) return;
    const request = this.#waiting.splice(at % this.#waiting.length, 1)[0]!;
    if (fate !== 'slow') this.note(request.process, `${request.text} ⚡ ${fate}`);
    if (fate === 'unheard' || fate === 'twice') await request.land();
    if (fate === 'slow' || fate === 'twice') this.#keep(request, await request.land());
    else if (fate === 'throttled') this.#tell(request, () => request.fail(THROTTLED));
    else this.#tell(request, () => request.fail(SILENCE));
    if (fate === 'late') this.#late.push(request);
    await quiet();
  }

  /** Of what a dead process had under way, every other request still arrives. */
  died(process: Sender): void {
    const left = this.#waiting.filter((request) => request.process === process);
    for (const [index, request] of left.entries()) {
      this.#waiting.splice(this.#waiting.indexOf(request), 1);
      if (index % 2 === 0) this.#late.push(request);
    }
  }

  /** So much time passes that nobody waits for an answer any more, and what is under way arrives or never does. */
  async passTime(untilMs: number): Promise<void> {
    for (const request of this.#waiting.filter(({ isPatient }) => !isPatient)) {
      this.#waiting.splice(this.#waiting.indexOf(request), 1);
      this.note(request.process, `${request.text} ⚡ given up`);
      this.#tell(request, () => request.fail(SILENCE));
      this.#late.push(request);
    }
    for (const answer of this.#deliverable()) {
      this.#answers.splice(this.#answers.indexOf(answer), 1);
      answer.fail(SILENCE);
    }
    await quiet();
    const old = this.#late.filter(({ sentAtMs }) => sentAtMs + LATEST_MS < untilMs);
    for (const request of old) {
      this.#late.splice(this.#late.indexOf(request), 1);
      await request.land();
    }
  }

  async #arrive(request: Request): Promise<void> {
    this.#tell(request, await request.land());
  }

  /** Who is paused hears of it when it wakes. */
  #tell(request: Request, deliver: () => void): void {
    if (request.process.isAwake) deliver();
    else this.#keep(request, deliver);
  }

  #keep({ process, text, fail }: Request, deliver: () => void): void {
    this.#answers.push({ process, text, deliver, fail });
  }

  #hand(answer: Answer): void {
    this.#answers.splice(this.#answers.indexOf(answer), 1);
    this.note(answer.process, `hears of ${answer.text}`);
    answer.deliver();
  }

  #deliverable(): Answer[] {
    return this.#answers.filter(({ process }) => process.isAwake);
  }
}

/** All that follows from an answer without waiting for another has happened: promises, and waits of 0 ms. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function shown(result: unknown): string {
  if (result === undefined) return 'nothing';
  return typeof result === 'string' ? result : 'an item';
}
