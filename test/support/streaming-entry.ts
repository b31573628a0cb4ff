import type { Writable } from 'node:stream';
import { streamingEntryHandler } from '#edge/entry-handler.ts';
import type { InvocationContext } from '#edge/invocation-context.ts';
import type { ResponseStream } from '#edge/lambda-stream.ts';
import type { Entry } from '#infra/inventory.ts';
import { provideLambdaGlobals } from '#infra/lambda-runtime.ts';
import type { ReplyHead } from '#infra/local/prelude.ts';

provideLambdaGlobals();
const { HttpResponseStream } = (
  globalThis as unknown as { awslambda: { HttpResponseStream: { from(to: Writable, head: ReplyHead): Writable } } }
).awslambda;

/** What a function of a test does: it writes its head by `begin`, and then its body. */
export type StreamingWork = (call: StreamingWorkCall) => Promise<void>;

export interface StreamingWorkCall {
  readonly event: unknown;
  readonly stream: ResponseStream;
  readonly context: InvocationContext;
  /** Writes a head, as a handler on Lambda does, and gives where the body goes. */
  readonly begin: (head?: Partial<ReplyHead>) => Writable;
}

/** An entry that exists in a test only, and streams. @param spec what its route needs of one */
export function streamingEntry(name: string, spec: object, work: StreamingWork): Entry {
  const handler = streamingEntryHandler(() => (event, stream, context) => {
    const begin = ({ statusCode = 200, headers = {} }: Partial<ReplyHead> = {}) => {
      const body = HttpResponseStream.from(stream, { statusCode, headers });
      body.write('');
      return body;
    };
    return work({ event, stream, context, begin });
  });
  return { name, spec, handler, file: `${name}.ts` } as unknown as Entry;
}
