import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What the server does with one request: a reply, a cut connection, half a reply, or nothing. */
export type Step =
  readonly [status: number, body: string, headers?: Readonly<Record<string, string>>] | 'reset' | 'half' | 'hang';

/** A service on this machine that does one step a request, the last one for ever. It ends with the test. */
export async function startStepServer(steps: readonly Step[]): Promise<{ endpoint: string; seen: readonly Seen[] }> {
  const seen: Seen[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const step = steps[Math.min(seen.length, steps.length - 1)]!;
    const { method = '', url = '', headers } = request;
    seen.push({ method, path: url, headers, body: await readText(request) });
    if (step === 'reset') request.socket.resetAndDestroy();
    else if (step === 'half') {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"half":', () => request.socket.destroy());
    } else if (step !== 'hang') response.writeHead(step[0], step[2]).end(step[1]);
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

/**
 * The signature that AWS would work out for a request, from what has arrived; of a query whose names come in order and are spelt as AWS spells them
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
 */
export function signatureOf({ method, path, headers, body }: Seen, secretAccessKey: string): string {
  const [, scope = '', names = ''] = /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+)/.exec(headers.authorization!)!;
  const lines = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const [resource = '', query = ''] = path.split('?');
  const canonical = [method, resource, query, lines.join(''), names, sha256(body)].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(canonical)].join('\n');
  const [day = '', region = '', service = '', end = ''] = scope.split('/');
  const key = [day, region, service, end].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  return hmac(key, toSign).toString('hex');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
