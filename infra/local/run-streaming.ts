import { finished } from 'node:stream/promises';
import type { InvocationContext } from '#edge/invocation-context.ts';
import type { StreamingHandler } from '#edge/lambda-stream.ts';
import type { HostResponseStream } from './response-stream.ts';
import { asRuntimeStream } from './runtime-stream.ts';

/**
 * Runs a streaming handler as Lambda's runtime does: to its own end, and then to its stream's. Who closes the stream before its end, for
 * there is no reader any more, makes that no error.
 *
 * @throws what the handler throws, after which the stream is closed; Error when it leaves the stream open, on which Lambda would
 * wait until its time is over, or when what it wrote is no reply
 */
export async function runStreaming(
  handler: StreamingHandler,
  event: unknown,
  responseStream: HostResponseStream,
  context: InvocationContext,
): Promise<void> {
  try {
    await handler(event, asRuntimeStream(responseStream), context);
    if (responseStream.errored) throw responseStream.errored;
    if (responseStream.destroyed) return;
    if (!responseStream.writableEnded) throw new Error('the handler has ended, but not its stream');
    await finished(responseStream, { readable: false }).catch(() => {
      if (responseStream.errored) throw responseStream.errored;
    });
  } finally {
    responseStream.destroy();
  }
}
