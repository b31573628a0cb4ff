import type { Agent, AgentOptions, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Socket } from 'node:net';

/** What Weir uses of node:http and node:https, which are alike. */
interface HttpModule {
  Agent: new (options: AgentOptions) => Agent;
  request(options: RequestOptions, onReply: (reply: IncomingMessage) => void): ClientRequest;
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

/** Begins a request on a kept-alive connection, which all clients of the process share. The body is the caller's to end. */
export function openRequest(
  url: URL,
  { method, headers }: { readonly method: string; readonly headers: Readonly<Record<string, string | number>> },
  onReply: (reply: IncomingMessage) => void,
): ClientRequest {
  const { http, agent } = connectionsFor(url.protocol);
  dropStaleSockets(agent);
  // Taken apart here: given a URL, node takes it apart more slowly, a tenth of a whole request's CPU.
  const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
  return http.request({ method, host, port: url.port, path: url.pathname + url.search, headers, agent }, onReply);
}

/**
 * `process.getBuiltinModule` rather than an import: importing node:http into a module graph evaluates lazy getters that
 * load undici and cost 15 ms of a cold start.
 */
function connectionsFor(protocol: string): Connections {
  let known = connections.get(protocol);
  if (!known) {
    const http = process.getBuiltinModule(protocol === 'https:' ? 'node:https' : 'node:http') as HttpModule;
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1024 });
    agent.on('free', (socket: Socket) => restedSince.set(socket, Date.now()));
    connections.set(protocol, (known = { http, agent }));
  }
  return known;
}

function dropStaleSockets(agent: Agent): void {
  const oldest = Date.now() - MAX_IDLE_MS;
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) if ((restedSince.get(socket) ?? oldest) < oldest) socket.destroy();
  }
}
