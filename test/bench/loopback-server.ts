import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A reply, ready to be sent. */
export interface FixedReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Serves on a free port of the loopback address, until the process ends. Idle sockets stay open, because a block of calls
 * may have to wait for its turn longer than Node would keep them.
 */
export async function serveOnLoopback(
  reply: (request: { readonly headers: IncomingHttpHeaders; readonly body: string }) => FixedReply,
): Promise<string> {
  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { status, headers, body } = reply({ headers: incoming.headers, body: await text(incoming) });
    response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
  };
  const server = createServer({ keepAliveTimeout: 600_000 }, (incoming, response) => {
    // A client that ends in mid-request gets none; that is no reason to end too.
    serve(incoming, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
