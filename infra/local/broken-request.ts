import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { GatewayRefusal } from './gateway-refusal.ts';

/** Answers what is no HTTP request, which no handler is asked about, as any other that is refused; node would say its status alone. */
export function answerBroken(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
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
