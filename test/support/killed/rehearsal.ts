import type { CrossingRequest } from './crossing.ts';
import type { Step } from './kill-points.ts';

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
