import { setImmediate, setInterval } from 'node:timers/promises';
import { untilOver, type Exchange } from './scripted-exchange.ts';

/** Writes an event, and settles when it has been flushed. @param pieceBytes cuts it into writes of so many bytes */
export async function writeEvent(exchange: Exchange, event: string, pieceBytes: number | undefined): Promise<void> {
  const bytes = Buffer.from(event);
  const step = pieceBytes ?? bytes.length;
  for (let start = 0; start < bytes.length && !exchange.over.aborted; start += step) {
    const flushed = Promise.withResolvers<void>();
    exchange.response.write(bytes.subarray(start, start + step), () => flushed.resolve());
    await Promise.race([flushed.promise, exchange.request.ending]);
    // A turn of the event loop between two pieces, so that the client gets to read the first by itself.
    if (pieceBytes !== undefined) await setImmediate();
  }
}

/** Holds the connection until the client leaves, with or without an SSE comment at an interval. */
export async function holdOpen(exchange: Exchange, commentEveryMs: number | undefined): Promise<void> {
  if (commentEveryMs === undefined) return untilOver(exchange);
  try {
    for await (const _ of setInterval(commentEveryMs, undefined, { signal: exchange.over }))
      exchange.response.write(': keep-alive\n\n');
  } catch (error) {
    if (!exchange.over.aborted) throw error;
  }
}
