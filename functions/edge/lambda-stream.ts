import type { Writable } from 'node:stream';
import type { InvocationContext } from './invocation-context.ts';

/** Where a streaming function writes its reply, as Lambda's runtime gives it. Closed before its end when the reader has gone. */
export interface ResponseStream extends Writable {
  setContentType(contentType: string): void;
}

/** A handler that writes its reply as it is made. Settles when nothing of the call runs any more. */
export type StreamingHandler = (
  event: unknown,
  responseStream: ResponseStream,
  context: InvocationContext,
) => Promise<void>;

/** The part of Lambda's runtime that makes streaming known to it: a global, there before any code of ours. */
interface LambdaRuntime {
  streamifyResponse(handler: StreamingHandler): StreamingHandler;
}

/**
 * Marks a handler as streaming, so that Lambda's runtime gives it a stream.
 * @throws where there is neither Lambda nor a stand-in for its global (`infra/lambda-runtime.ts`)
 */
export function streamifyResponse(handler: StreamingHandler): StreamingHandler {
  const { awslambda } = globalThis as unknown as { readonly awslambda: LambdaRuntime };
  return awslambda.streamifyResponse(handler);
}

/** Writes a value as JSON: the reply of a streaming function to an event that is no HTTP request. */
export async function writeJson(responseStream: ResponseStream, value: Promise<unknown>): Promise<void> {
  const text = JSON.stringify(await value);
  responseStream.setContentType('application/json');
  await new Promise<void>((resolve, reject) => {
    responseStream.once('error', reject);
    responseStream.once('close', () => resolve());
    // Two calls: older runtimes give `end` no callback where it has a text.
    responseStream.write(text);
    responseStream.end(() => resolve());
  });
}
