import type { Server } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';

/**
 * Prepares a server to be stopped gently. Node's own `close` destroys a connection as soon as its reply is written, however much
 * of it has not been sent.
 *
 * @returns what stops it: no new connection, idle ones are ended, the others when their replies have been sent
 */
export function drainable(server: Server): () => Promise<void> {
  /** Replies under way, by connection. */
  const underWay = new Map<Socket, number>();
  let isStopping = false;
  const endIfIdle = (socket: Socket) => {
    if (isStopping && underWay.get(socket) === 0) socket.destroySoon();
  };
  server.on('connection', (socket) => {
    underWay.set(socket, 0);
    socket.once('close', () => underWay.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    underWay.set(socket, (underWay.get(socket) ?? 0) + 1);
    response.once('close', () => {
      const left = underWay.get(socket);
      if (left === undefined) return;
      underWay.set(socket, left - 1);
      endIfIdle(socket);
    });
  });
  return () =>
    new Promise((resolve) => {
      isStopping = true;
      NetServer.prototype.close.call(server, () => resolve());
      for (const socket of underWay.keys()) endIfIdle(socket);
    });
}
