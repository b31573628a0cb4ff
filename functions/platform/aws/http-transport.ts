import { openRequest } from '../open-request.ts';

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

/**
 * A POST over kept-alive connections.
 * @throws Error with `code` (`ECONNREFUSED`, `ETIMEDOUT`, …) when no whole reply came
 */
export const httpTransport: Transport = ({ url, headers, body, timeoutMs }) =>
  new Promise((resolve, reject) => {
    const request = openRequest(url, { method: 'POST', headers }, (reply) => {
      let text = '';
      reply.setEncoding('utf8');
      reply.on('data', (chunk: string) => (text += chunk));
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, body: text }));
      reply.on('error', reject);
    });
    // Over the whole exchange: a socket's own timeout begins after the connect, and a byte now and then resets it.
    const timer = setTimeout(() => {
      request.destroy(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: 'ETIMEDOUT' }));
    }, timeoutMs);
    request.on('close', () => clearTimeout(timer));
    request.on('error', reject);
    request.end(body);
  });
