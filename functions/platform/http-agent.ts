import type { Agent, AgentOptions, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Socket } from 'node:net';

/** What Weir uses of node:http and node:https, which are alike. */
export interface HttpModule {
  request(url: URL, options: RequestOptions, onReply: (reply: IncomingMessage) => void): ClientRequest;
}

interface HttpModuleWithAgent extends HttpModule {
  Agent: new (options: AgentOptions) => Agent;
}

interface Connections {
  readonly http: HttpModule;
  readonly agent: Agent;
}

/**
 * A socket that rested longer is not used again. Servers close idle connections, and a frozen Lambda does not hear of it: a
 * request on such a socket is reset, and a reset request may have been billed.
 */
const MAX_IDLE_MS = 4_000;

const connections = new Map<string, Connections>();
const restedSince = new WeakMap<Socket, number>();

/**
 * Kept-alive connections for a protocol (`http:` or `https:`), shared by all clients of the process.
 *
 * `process.getBuiltinModule` rather than an import: importing node:http into a module graph evaluates lazy getters that
 * load undici and cost 15 ms of a cold start.
 */
export function connectionsFor(protocol: string): Connections {
  let known = connections.get(protocol);
  if (!known) {
    const http = process.getBuiltinModule(protocol === 'https:' ? 'node:https' : 'node:http') as HttpModuleWithAgent;
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1024 });
    agent.on('free', (socket: Socket) => restedSince.set(socket, Date.now()));
    connections.set(protocol, (known = { http, agent }));
  }
  dropStaleSockets(known.agent);
  return known;
}

function dropStaleSockets(agent: Agent): void {
  const oldest = Date.now() - MAX_IDLE_MS;
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) if ((restedSince.get(socket) ?? oldest) < oldest) socket.destroy();
  }
}
