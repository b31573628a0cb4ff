import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SimulatedAdmin, type SimulatedKey } from '#infra/local/parts/simulated/admin-api.ts';

/** How a request goes wrong: refused, or done with its answer lost. */
export type AdminFault = 429 | 500 | 'answer lost';

export interface OpenAiAdminOptions {
  /** The one key that opens it. @default any */
  readonly adminKey?: string;
  /** @default Date.now */
  readonly now?: () => number;
  /** Hears of each change of the keys that work. */
  readonly onKeys?: (values: readonly string[]) => void;
}

/** OpenAI's Admin API on a loopback socket, which misbehaves where it is told to. */
export class OpenAiAdminServer {
  readonly admin: SimulatedAdmin;
  /** `POST /organization/…`, in their order. */
  readonly requests: string[] = [];
  /** The next request whose `METHOD path` fits meets the fault, once. */
  readonly faults: { readonly on: RegExp; readonly fault: AdminFault }[] = [];
  readonly #options: OpenAiAdminOptions;
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  constructor(options: OpenAiAdminOptions) {
    this.#options = options;
    this.admin = new SimulatedAdmin(options.now);
  }

  /** The keys that work now. */
  get keys(): readonly SimulatedKey[] {
    return this.admin.keys;
  }

  /** With the `/v1`. */
  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const method = request.method ?? 'GET';
    const path = (request.url ?? '').replace(/^\/v1/, '');
    this.requests.push(`${method} ${path.split('?')[0]}`);
    const reply = (status: number, document: object) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(document));
    };
    const { adminKey, onKeys } = this.#options;
    if (adminKey !== undefined && request.headers.authorization !== `Bearer ${adminKey}`) {
      return reply(401, { error: { message: 'Incorrect API key provided.', code: 'invalid_api_key' } });
    }
    const fault = this.#faultOf(`${method} ${path}`);
    if (typeof fault === 'number') return reply(fault, { error: { message: 'Not now.', code: null } });
    const answer = this.admin.handle({
      method,
      path,
      body: body === '' ? {} : (JSON.parse(body) as object as Record<string, unknown>),
    });
    onKeys?.(this.keys.map(({ value }) => value));
    if (fault === 'answer lost') return void request.socket.destroy();
    reply(answer?.status ?? 404, answer?.body ?? { error: { message: 'Invalid URL.' } });
  }

  #faultOf(line: string): AdminFault | undefined {
    const at = this.faults.findIndex(({ on }) => on.test(line));
    return at < 0 ? undefined : this.faults.splice(at, 1)[0]!.fault;
  }
}

/** Starts one. To be held by `await using`. */
export function startOpenAiAdmin(options: OpenAiAdminOptions = {}): Promise<OpenAiAdminServer> {
  return new OpenAiAdminServer(options).listen();
}
