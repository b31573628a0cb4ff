import { markDelivered, send, untilOver, type Step } from './scripted-exchange.ts';
import { doWork, type Done } from './scripted-work.ts';

/** Billed; a whole plain reply of status 200, though a stream was asked for. Of the other way round `stream()` is a case. */
export function plainReply(done: Done = {}): Step {
  return (exchange) => {
    const work = doWork(exchange, done);
    send(exchange, 200, work.reply);
    if (work.line && work.reportsUsage) markDelivered(exchange, work.line);
  };
}

/**
 * Billed; the whole reply, under a content-length that promises more. What is missing never comes: the connection is held
 * until the client leaves, or `closes`.
 */
export function overlongLength(done: Done & { readonly missingBytes?: number; readonly closes?: boolean } = {}): Step {
  const { missingBytes = 10, closes = false, ...rest } = done;
  return async (exchange) => {
    const bytes = Buffer.from(JSON.stringify(doWork(exchange, rest).reply));
    const promised = String(bytes.length + missingBytes);
    exchange.response.writeHead(200, { 'content-type': 'application/json', 'content-length': promised });
    exchange.response.write(bytes);
    if (closes) exchange.cut('after flushing');
    else await untilOver(exchange);
  };
}
