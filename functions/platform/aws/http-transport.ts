import type { Agent, IncomingMessage, RequestOptions } from 'node:http';

export interface HttpReply {
  readonly status: number;
  readonly body: string;
}

export interface HttpRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: string;
  readonly timeoutMs: number;
}

/** Sends one POST and collects the reply. */
export type Transport = (request: HttpRequest) => Promise<HttpReply>;

interface HttpModule {
  Agent: new (options: { keepAlive: boolean; maxSockets: number }) => Agent;
  request(options: RequestOptions, onReply: (reply: IncomingMessage) => void): import('node:http').ClientRequest;
}

const agents = new Map<string, Agent>();

/**
 * A POST over node:http(s) with kept-alive sockets. `process.getBuiltinModule` rather than an import: importing node:http
 * into a module graph evaluates lazy getters that load undici and cost 15 ms of a cold start.
 *
 * @throws Error with `code` (`ECONNREFUSED`, `ETIMEDOUT`, …) when no whole reply came
 */
export const httpTransport: Transport = ({ url, headers, body, timeoutMs }) =>
  new Promise((resolve, reject) => {
    const http = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http') as HttpModule;
    let agent = agents.get(url.protocol);
    if (!agent) agents.set(url.protocol, (agent = new http.Agent({ keepAlive: true, maxSockets: 256 })));
    const request = http.request(
      { method: 'POST', host: url.hostname, port: url.port, path: url.pathname, headers, agent },
      (reply) => {
        let text = '';
        reply.setEncoding('utf8');
        reply.on('data', (chunk: string) => (text += chunk));
        reply.on('end', () => resolve({ status: reply.statusCode ?? 0, body: text }));
        reply.on('error', reject);
      },
    );
    request.setTimeout(timeoutMs, () => {
      request.destroy(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: 'ETIMEDOUT' }));
    });
    request.on('error', reject);
    request.end(body);
  });
