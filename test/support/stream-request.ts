import { request as sendRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { StreamedReply } from './streamed-reply.ts';

export interface StreamRequest {
  /** @default POST */
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array | undefined;
  /** Leaves when it aborts, also before there is a head. */
  readonly signal?: AbortSignal | undefined;
}

/** Sends a request over a connection of its own, and gives the reply as soon as its head is there. */
export async function streamRequest(url: string, options: StreamRequest = {}): Promise<StreamedReply> {
  const { method = 'POST', headers = {}, body, signal } = options;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { hostname, port, pathname, search } = new URL(url);
  const target = { hostname, port, path: pathname + search, method, headers, agent: false, signal };
  sendRequest(target, resolve).once('error', reject).end(body);
  const reply = await promise;
  return new StreamedReply(reply.statusCode ?? 0, reply.headers as Record<string, string | undefined>, reply);
}
