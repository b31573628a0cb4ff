import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { GatewayRefusal } from './gateway-refusal.ts';

/**
 * Answers what is no HTTP request, which no handler is asked about, as any other that is refused; node would say its status alone. Where a
 * reply is on its way on that connection, an answer in its midst would be taken for a part of it: the connection is cut.
 */
export function answerBroken(server: Server): void {
  const replies = new WeakMap<Duplex, ServerResponse>();
  server.on('request', ({ socket }, response) => void replies.set(socket, response));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const last = replies.get(socket);
    const isReplying = last !== undefined && last.headersSent && !last.writableFinished;
    if (isReplying || error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const { statusCode, headers, body } = refusalOf(error.code).reply;
    const lines = Object.entries({ ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' });
    const head = [`HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}`, ...lines.map((line) => line.join(': '))];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  });
}

function refusalOf(code: string | undefined): GatewayRefusal {
  const requestId = randomUUID();
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new GatewayRefusal(431, 'headers_too_large', 'the headers are too large', requestId);
  }
  return new GatewayRefusal(400, 'invalid_request', 'this is no HTTP request', requestId);
}
