import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

export interface Received {
  readonly method: string;
  /** As it came: what is percent-encoded is so still. */
  readonly path: string;
  readonly query: string;
  readonly key: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export interface Answered {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A server of JSON on this machine, until the test ends. `undefined` cuts the connection; a text is sent as it is. */
export async function serveJson(
  answer: (request: Received) => Answered | undefined,
): Promise<{ url: string; requests: Received[] }> {
  const requests: Received[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const [path = '', query = ''] = request.url!.split('?');
    const text = await readText(request);
    const { method = '', headers } = request;
    const key = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
    const received = {
      method,
      path,
      query,
      key,
      headers,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
    };
    requests.push(received);
    const answered = answer(received);
    if (!answered) {
      request.socket.destroy();
      return;
    }
    const { status, body, headers: more } = answered;
    response.writeHead(status, { 'content-type': 'application/json', ...more });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}
