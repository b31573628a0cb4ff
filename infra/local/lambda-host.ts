import { randomUUID } from 'node:crypto';
import type { LambdaHandler } from '#edge/entry-handler.ts';
import type { InvocationContext } from '#edge/invocation-context.ts';
import type { StreamingHandler } from '#edge/lambda-stream.ts';
import type { Clock } from '#platform/clock.ts';
import { functionTimeoutSeconds } from '../function-timeout.ts';
import type { Entry } from '../inventory.ts';
import { CollectedReply } from './collected-reply.ts';
import type { HostResponseStream } from './response-stream.ts';
import { runStreaming } from './run-streaming.ts';

/** A function that can be invoked, as Lambda would: with a request id and a clock that runs out. */
export interface HostedFunction {
  readonly entry: Entry;
  /**
   * Gives the reply as one value, also that of a function that streams.
   * @throws what the handler throws; `FunctionTimedOut` when its time is over, while the handler's work runs on unheard
   */
  invoke(event: unknown, requestId?: string): Promise<unknown>;
  /**
   * Lets the function write its reply to a stream; settles when nothing of the call runs any more. Absent where it does not stream.
   * @throws as `invoke` does, with the stream closed
   */
  stream?(event: unknown, responseStream: HostResponseStream, requestId?: string): Promise<void>;
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
 *
 * @param handler what the entry's handler was bound to: of its mode
 */
export function hostFunction(entry: Entry, handler: LambdaHandler | StreamingHandler, clock: Clock): HostedFunction {
  const inTime = timeLimited(entry, clock);
  if (entry.handler.mode !== 'streaming') {
    const buffered = handler as LambdaHandler;
    return { entry, invoke: (event, requestId) => inTime((context) => buffered(event, context), requestId) };
  }
  const streaming = handler as StreamingHandler;
  const stream = (event: unknown, responseStream: HostResponseStream, requestId?: string) =>
    inTime((context) => runStreaming(streaming, event, responseStream, context), requestId).finally(() =>
      responseStream.destroy(),
    );
  return {
    entry,
    stream,
    async invoke(event, requestId) {
      const reply = new CollectedReply();
      await stream(event, reply.responseStream, requestId);
      return reply.value;
    },
  };
}

/** Runs with a context of its own, until the function's time is over. */
function timeLimited({ name, spec }: Entry, clock: Clock) {
  const timeoutSeconds = functionTimeoutSeconds(spec);
  return <Result>(run: (context: InvocationContext) => Promise<Result>, awsRequestId: string = randomUUID()) => {
    const endsAtMs = clock.nowMs() + timeoutSeconds * 1000;
    const context = { awsRequestId, getRemainingTimeInMillis: () => Math.max(0, endsAtMs - clock.nowMs()) };
    return new Promise<Result>((resolve, reject) => {
      const timedOut = () => reject(new FunctionTimedOut(name, timeoutSeconds));
      const cancel = clock.startTimer(timedOut, timeoutSeconds * 1000);
      run(context).then(resolve, reject).finally(cancel);
    });
  };
}
