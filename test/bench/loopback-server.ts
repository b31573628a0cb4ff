import { createServer, type IncomingHttpHeaders } from 'node:http';
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
  const server = createServer({ keepAliveTimeout: 600_000 }, (incoming, response) => {
    // A client that is killed in mid-request is no reason to end.
    void text(incoming).then(
      (requestBody) => {
        const { status, headers, body } = reply({ headers: incoming.headers, body: requestBody });
        response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
      },
      () => undefined,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
