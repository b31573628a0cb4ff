import type { CrossingRequest } from './crossing.ts';

/** Requests that were under way together: none of them waited for another's answer. */
export type Step = readonly string[];

/**
 * Where a process is killed. `beside`: the requests that are under way together with that one. They have landed when the
 * process is killed before its request has, and have not when it is killed after: so both extremes are met.
 */
export interface KillPoint {
  /** `before any`: none of the requests that are under way together has landed. */
  readonly when: 'before' | 'after' | 'before any';
  readonly request: string;
  readonly beside: readonly string[];
}

/** Every request of a rehearsal, before and after; and before any, where several are under way together. */
export function pointsOf(steps: readonly Step[]): KillPoint[] {
  return steps.flatMap((step) => [...(step.length > 1 ? [beforeAny(step)] : []), ...step.flatMap(around(step))]);
}

/**
 * The same for writes alone. A read changes nothing, so that a process which is killed around it leaves the tables as one that is
 * killed before the next write: enough where there are many reads, and each kind of them stands in another test.
 */
export function writingPointsOf(steps: readonly Step[]): KillPoint[] {
  return steps.flatMap((step) => {
    const writing = step.filter(writes);
    return [...(writing.length > 1 ? [beforeAny(step)] : []), ...writing.flatMap(around(step))];
  });
}

function beforeAny(step: Step): KillPoint {
  return { when: 'before any', request: step[0]!, beside: step.slice(1) };
}

function around(step: Step) {
  return (request: string): KillPoint[] => {
    const beside = step.filter((other) => other !== request);
    return (['before', 'after'] as const).map((when) => ({ when, request, beside }));
  };
}

/** Whether anything is different when a request has landed. */
export function writes(request: string): boolean {
  return !/^(Get|Query|BatchGet)/.test(request);
}

/** The one point of a rehearsal whose request begins so. @throws when there is none, or are several */
export function pointOf(steps: readonly Step[], when: 'before' | 'after', request: string): KillPoint {
  const found = pointsOf(steps).filter((point) => point.when === when && point.request.startsWith(request));
  if (found.length !== 1) throw new Error(`${found.length} requests begin with ${request}: ${steps.flat().join('; ')}`);
  return found[0]!;
}

export function pointName({ when, request, beside }: KillPoint): string {
  return `${when} ${request}${beside.length > 0 ? ` (of ${beside.length + 1})` : ''}`;
}

/** Longer than a process needs to send what it can send without another answer, on a busy machine too. */
const QUIET_MS = 60;

/**
 * Watches a process that is not killed, and notes which of its requests are under way together: all wait at the crossing until
 * no more come, and then all pass. A machine so slow that a step falls in two only makes for other points.
 */
export class Rehearsal {
  readonly steps: Step[] = [];
  #waiting: CrossingRequest[] = [];
  #timer: NodeJS.Timeout | undefined;

  readonly onRequest = (request: CrossingRequest): void => {
    this.#waiting.push(request);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.steps.push(this.#waiting.map(({ name }) => name));
      for (const each of this.#waiting.splice(0)) void each.pass();
    }, QUIET_MS);
  };
}

/** What was under way together in the rehearsal may come one after the other, or not at all: who waits for it waits so long. */
const STALLED_MS = 500;

/** Brings a process to a point, and keeps it there: nothing lands any more, and nothing is answered. */
export class Standstill {
  /** Settles when the process is at its point. */
  readonly reached: Promise<void>;
  readonly #point: KillPoint;
  readonly #reach: () => void;
  /** What has to land before the process is killed. */
  readonly #awaited: Set<string>;
  /** What must not. */
  readonly #heldBack: CrossingRequest[] = [];
  #request: CrossingRequest | undefined;
  #isReached = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(point: KillPoint) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.reached = promise;
    this.#point = point;
    this.#reach = resolve;
    this.#awaited = new Set(point.when === 'before' ? point.beside : []);
  }

  readonly onRequest = async (request: CrossingRequest): Promise<void> => {
    if (this.#isReached) return;
    const { when, request: name, beside } = this.#point;
    if (request.name === name) return this.#meet(request);
    if (!beside.includes(request.name)) return request.pass();
    if (when === 'before any') return this.#stop();
    if (when === 'after') {
      this.#heldBack.push(request);
      return this.#watch();
    }
    await request.pass();
    this.#awaited.delete(request.name);
    if (this.#request && this.#awaited.size === 0) this.#stop();
  };

  /** The request of the point was on its way all the time, and lands now. */
  async landLate(): Promise<void> {
    await this.#request?.land();
  }

  async #meet(request: CrossingRequest): Promise<void> {
    this.#request = request;
    if (this.#awaited.size > 0) return this.#watch();
    this.#isReached = true;
    if (this.#point.when === 'after') await request.land();
    this.#stop();
  }

  #watch(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#request) return this.#stop();
      for (const each of this.#heldBack.splice(0)) void each.pass();
    }, STALLED_MS);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#isReached = true;
    this.#reach();
  }
}
