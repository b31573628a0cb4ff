import { randomUUID } from 'node:crypto';
import type { LambdaHandler } from '#edge/entry-handler.ts';
import type { Clock } from '#platform/clock.ts';
import { functionTimeoutSeconds } from '../function-timeout.ts';
import type { Entry } from '../inventory.ts';

/** A function that can be invoked, as Lambda would: with a request id and a clock that runs out. */
export interface HostedFunction {
  readonly entry: Entry;
  /** @throws what the handler throws; `FunctionTimedOut` when its time is over, while the handler's work runs on unheard */
  invoke(event: unknown, requestId?: string): Promise<unknown>;
}

/** Lambda would have killed the process. */
export class FunctionTimedOut extends Error {
  constructor(name: string, timeoutSeconds: number) {
    super(`${name} was still running after ${timeoutSeconds} s`);
    this.name = 'FunctionTimedOut';
  }
}

/**
 * Hosts a bound handler in this process. AWS gives each concurrent call a process of its own; here calls share one, which
 * no function may notice.
 */
export function hostFunction(entry: Entry, handler: LambdaHandler, clock: Clock): HostedFunction {
  const timeoutSeconds = functionTimeoutSeconds(entry.spec);
  return {
    entry,
    invoke(event, requestId = randomUUID()) {
      const endsAtMs = clock.nowMs() + timeoutSeconds * 1000;
      const context = {
        awsRequestId: requestId,
        getRemainingTimeInMillis: () => Math.max(0, endsAtMs - clock.nowMs()),
      };
      return new Promise((resolve, reject) => {
        const cancel = clock.startTimer(
          () => reject(new FunctionTimedOut(entry.name, timeoutSeconds)),
          timeoutSeconds * 1000,
        );
        handler(event, context).then(resolve, reject).finally(cancel);
      });
    },
  };
}
