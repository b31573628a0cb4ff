import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as sendRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { toCallerItem, type CallerRecord } from '#edge/caller-key.ts';
import { startLocalWeir, type LocalWeir } from '#infra/local/local-weir.ts';
import type { LedgerEntry } from '#ledger/entry.ts';
import type { Platform } from '#platform/platform.ts';
import { localPlatform, readLedger } from './local-ledger.ts';
import { plainAnswers } from './plain-answers.ts';
import { startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts';
import { streamRequest } from './stream-request.ts';
import type { StreamedReply } from './streamed-reply.ts';
import { testKey } from './test-key.ts';

/** A request as it goes over the wire: node:http sends header names as they are written, and any method. */
export interface GatewayRequest {
  /** @default POST */
  readonly method?: string;
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  /** A text or bytes as they stand; anything else as JSON. */
  readonly body?: unknown;
  /** @default the caller's key; `null`: no authorization header */
  readonly key?: string | null;
}

export interface GatewayReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  /** `text` parsed, where it is a JSON object; else `{}`. */
  readonly json: Readonly<Record<string, unknown>>;
}

/**
 * `npm start` in a test: the local gateway before the real handlers, with a scripted upstream where OpenAI would be (or the
 * simulated one), in a data folder of its own. It lives on the real clock.
 */
export class LocalGateway implements AsyncDisposable {
  readonly weir: LocalWeir;
  /** The scripted upstream, which also answers where the simulated one is used: then it must get nothing. */
  readonly upstream: ScriptedUpstream;
  readonly #platform: Platform;
  readonly #dataDir: string;

  constructor(weir: LocalWeir, upstream: ScriptedUpstream, dataDir: string) {
    this.weir = weir;
    this.upstream = upstream;
    this.#dataDir = dataDir;
    this.#platform = localPlatform(weir.outputs.awsEndpoints?.dynamodb);
  }

  get url(): string {
    return this.weir.outputs.apiUrl;
  }

  async send(asked: GatewayRequest): Promise<GatewayReply> {
    const { method = 'POST', path, body } = asked;
    const bytes = toBytes(body);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const { hostname, port } = new URL(this.url);
    // Without an agent: a refusal before the body was read closes the connection.
    const request = sendRequest(
      { hostname, port, method, path, headers: this.#headersOf(asked), agent: false },
      resolve,
    );
    request.once('error', reject).end(bytes);
    const reply = await promise;
    const text = (await buffer(reply)).toString();
    return {
      status: reply.statusCode ?? 0,
      headers: reply.headers as Record<string, string | undefined>,
      text,
      json: parsed(text),
    };
  }

  /** The same, but gives the reply as soon as its head is there, to be read as it comes. @param signal leaves when it aborts */
  stream(asked: GatewayRequest, signal?: AbortSignal): Promise<StreamedReply> {
    const { method = 'POST', path, body } = asked;
    return streamRequest(this.url + path, { method, headers: this.#headersOf(asked), body: toBytes(body), signal });
  }

  #headersOf({ key, headers }: GatewayRequest): OutgoingHttpHeaders {
    const bearer = key === undefined ? this.weir.keys.caller : key;
    return { ...(bearer !== null && { authorization: `Bearer ${bearer}` }), ...headers };
  }

  /** Makes a caller, and gives its clear key. */
  async register(record: CallerRecord, key = `weir_${randomUUID().replaceAll('-', '')}`): Promise<string> {
    await this.#platform.dynamo.put(this.#platform.config.tables.callers, toCallerItem(key, record));
    return key;
  }

  /** Every entry of the ledger of these days. */
  ledger(): Promise<LedgerEntry[]> {
    return readLedger(this.#platform);
  }

  /** All that the functions logged so far, as it stands in the file. */
  log(): Promise<string> {
    return readFile(this.weir.logFile, 'utf8').catch(() => '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.weir.stop();
    await this.upstream.stop();
    await rm(this.#dataDir, { recursive: true, force: true });
  }
}

/** Starts a local Weir. `simulated`: with the upstream that `npm start` has when no key is set. */
export async function startLocalGateway(
  options: { readonly simulated?: boolean; readonly functionsFolder?: string; readonly corsOrigin?: string } = {},
): Promise<LocalGateway> {
  const dataDir = await mkdtemp(join(tmpdir(), 'weir-gateway-'));
  const upstream = await startScriptedUpstream();
  upstream.otherwise(plainAnswers);
  const weir = await startLocalWeir({
    port: 0,
    dataDir,
    keys: {},
    awsEndpoints: {},
    functionsFolder: options.functionsFolder,
    corsOrigin: options.corsOrigin,
    ...(!options.simulated && { openaiApiKey: testKey('gateway'), openaiBaseUrl: upstream.baseUrl }),
  });
  return new LocalGateway(weir, upstream, dataDir);
}

function toBytes(body: unknown): string | Uint8Array | undefined {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) return body;
  return JSON.stringify(body);
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
