import type { Readable } from 'node:stream';
import type { Clock } from '#platform/clock.ts';
import { protocolFailure, UpstreamFailure } from '../failure.ts';
import type { Reply } from '../from-openai.ts';
import { readBlocks, StreamIdle } from './read-blocks.ts';
import type { StreamReader } from './stream-reader.ts';

/** A reply whose body is still to be read, as the SDK hands it on. */
export interface OpenReply {
  readonly headers: { get(name: string): string | null };
  readonly body: Readable;
}

export interface ReceiveOptions {
  readonly clock: Clock;
  readonly idleTimeoutMs: number;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Receives a streamed reply to its end, through the reader of its API. A stream that ends without its last event is no answer,
 * whatever HTTP says of it (S3).
 *
 * @throws UpstreamFailure, with what was seen until then
 */
export async function receiveStream(reply: OpenReply, reader: StreamReader, options: ReceiveOptions): Promise<Reply> {
  const { clock, idleTimeoutMs, signal } = options;
  const requestId = reply.headers.get('x-request-id') ?? undefined;
  const cut = (error?: unknown) => {
    // A body whose request was ended may look as if it had ended by itself.
    if (!signal.aborted && !(error instanceof StreamIdle)) return protocolFailure(requestId, reader);
    const failureClass = signal.aborted ? 'cancelled' : 'timeout';
    return new UpstreamFailure(
      { class: failureClass, status: 200, ...(requestId !== undefined && { requestId }) },
      reader,
    );
  };
  if (!/^text\/event-stream\b/i.test(reply.headers.get('content-type') ?? '')) {
    reply.body.destroy();
    throw protocolFailure(requestId);
  }
  try {
    const end = await readBlocks(reply.body, { clock, idleTimeoutMs, onBlock: (block) => reader.read(block) });
    if (end === 'enough') return reader.cutShort();
  } catch (error) {
    throw error instanceof UpstreamFailure ? error : cut(error);
  }
  if (!reader.reply) throw cut();
  return reader.reply;
}
