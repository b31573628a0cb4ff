import { openRequest } from '../open-request.ts';

export interface HttpReply {
  readonly status: number;
  readonly body: string;
  /** What `x-amzn-errortype` says, where a service tells its error there. */
  readonly errorType?: string | undefined;
}

export interface HttpRequest {
  /** @default POST */
  readonly method?: string | undefined;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: string;
  readonly timeoutMs: number;
}

/** Sends one request and collects the reply. */
export type Transport = (request: HttpRequest) => Promise<HttpReply>;

/**
 * A request over kept-alive connections.
 * @throws Error with `code` (`ECONNREFUSED`, `ETIMEDOUT`, …) when no whole reply came
 */
export const httpTransport: Transport = ({ method = 'POST', url, headers, body, timeoutMs }) =>
  new Promise((resolve, reject) => {
    const request = openRequest(url, { method, headers }, (reply) => {
      let text = '';
      reply.setEncoding('utf8');
      reply.on('data', (chunk: string) => (text += chunk));
      const errorType = reply.headers['x-amzn-errortype'] as string | undefined;
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, body: text, errorType }));
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
