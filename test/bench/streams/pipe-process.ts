import { createServer, request, Agent, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerServing } from './serving.ts';

/**
 * Process of the raw byte pipe, with which the gateway is compared: node:http on both sides, and nothing between but `pipe`.
 * Argument: the upstream's address.
 */
const upstream = new URL(process.argv[2] ?? '');
const agent = new Agent({ keepAlive: true });

const server = createServer((incoming, response: ServerResponse) => {
  const { method, url: path, headers } = incoming;
  const forward = request(
    { agent, host: upstream.hostname, port: upstream.port, method, path, headers: { ...headers, host: upstream.host } },
    (reply) => {
      response.writeHead(reply.statusCode ?? 502, { 'content-type': reply.headers['content-type'] });
      response.flushHeaders();
      reply.pipe(response);
    },
  );
  forward.on('error', () => response.destroy());
  incoming.pipe(forward);
});

answerServing(
  new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
  ),
);
