import type { IncomingMessage } from 'node:http';
import { openRequest } from '#platform/open-request.ts';

/** What the OpenAI SDK uses of a `Headers`. */
class ReplyHeaders {
  readonly #reply: IncomingMessage;

  constructor(reply: IncomingMessage) {
    this.#reply = reply;
  }

  get(name: string): string | null {
    const value = this.#reply.headers[name.toLowerCase()];
    return value === undefined ? null : Array.isArray(value) ? value.join(', ') : value;
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  *entries(): IterableIterator<[string, string]> {
    for (const name of Object.keys(this.#reply.headers)) yield [name, this.get(name) as string];
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }
}

/** What the OpenAI SDK uses of a `Response`. The body is the socket's own stream: an async iterable of bytes. */
class Reply {
  readonly status: number;
  readonly ok: boolean;
  readonly url: string;
  readonly headers: ReplyHeaders;
  readonly body: IncomingMessage;

  constructor(url: string, reply: IncomingMessage) {
    this.status = reply.statusCode ?? 0;
    this.ok = this.status >= 200 && this.status < 300;
    this.url = url;
    this.headers = new ReplyHeaders(reply);
    this.body = reply;
  }

  /** @throws when the socket closes before the whole body came */
  async text(): Promise<string> {
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of this.body) text += decoder.decode(chunk as Buffer, { stream: true });
    return text + decoder.decode();
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }
}

/**
 * A `fetch` for the OpenAI SDK made of node:http(s): the SDK's call costs 0.4 instead of 0.6 ms of CPU by it, and undici (26 ms at
 * the first call) is never loaded. Requests carry text bodies only, redirects are not followed, and `signal` ends the
 * reply's body too.
 *
 * @throws the signal's reason, or an Error with a `code` of node's (`ECONNRESET`, …)
 */
export const nodeFetch = (input: unknown, init: RequestInit = {}): Promise<Response> =>
  new Promise((resolve, reject) => {
    const url = new URL(input as string | URL);
    const signal = init.signal;
    if (signal?.aborted) return reject(signal.reason as Error);

    const body = typeof init.body === 'string' ? init.body : undefined;
    const headers: Record<string, string | number> = Object.fromEntries(init.headers as Iterable<[string, string]>);
    if (body !== undefined) headers['content-length'] = Buffer.byteLength(body);

    const request = openRequest(url, { method: init.method ?? 'GET', headers }, (reply) => {
      reply.once('close', stopListening);
      resolve(new Reply(url.href, reply) as unknown as Response);
    });
    const abort = () => request.destroy(signal?.reason as Error);
    const stopListening = () => signal?.removeEventListener('abort', abort);
    signal?.addEventListener('abort', abort, { once: true });
    request.once('error', (error) => {
      stopListening();
      reject(error);
    });
    request.end(body);
  });
