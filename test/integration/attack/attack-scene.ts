import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import type { CallerRecord } from '#edge/caller-key.ts';
import { localTableNames } from '#infra/local/create-tables.ts';
import type { Role } from '#platform/principal.ts';
import { dumpTables, linesOf } from '#test/support/killed/table-dump.ts';
import {
  startLocalGateway,
  type GatewayReply,
  type GatewayRequest,
  type LocalGateway,
} from '#test/support/local-gateway.ts';
import { testKey } from '#test/support/test-key.ts';
import { gatewayRefusalOf, refusalOf, type Refusal } from '#test/support/told-refusal.ts';
import { leaksIn, secretsIn, type Secrets } from './leaks.ts';
import { KNOWN_CALLER, type Target } from './targets.ts';

/** A request to a target: what differs from the good one. */
export interface Change extends Partial<GatewayRequest> {
  readonly query?: Readonly<Record<string, string>>;
}

/** A secret of the process, which a template or a stack might print. */
const INNER = ['inner', 'Zk4vPq7LmX2sWc9TbR5nYd8G'].join('_');

/** The beginning of the key with which Weir asks the upstream: behind it stand zeros only, which anybody may say. */
const UPSTREAM_KEY = testKey('gateway').slice(0, 20);

/**
 * A local Weir under attack: the gateway with its authorizer's cache, a scripted upstream that counts, a server of the attacker's own
 * that nobody may visit, and secrets that are looked for in all replies and in the log.
 */
export class AttackScene implements AsyncDisposable {
  readonly gateway: LocalGateway;
  /** The base URL of the attacker's server. */
  readonly bait: string;
  /** What came to the attacker's server. */
  readonly visits: readonly string[];
  readonly keys: Readonly<Record<Role, string>>;
  /** What nobody may hear. */
  readonly secrets: Secrets;
  readonly #close: () => void;
  /** As they stand, if nothing was asked since: reading all of them takes longer than an attack. */
  #tables: string[] | undefined;

  constructor(parts: Pick<AttackScene, 'gateway' | 'bait' | 'visits' | 'keys' | 'secrets'> & { close: () => void }) {
    this.gateway = parts.gateway;
    this.bait = parts.bait;
    this.visits = parts.visits;
    this.keys = parts.keys;
    this.secrets = parts.secrets;
    this.#close = parts.close;
  }

  /** Sends a target's good request, with a key that opens it, but for what differs. No reply may give anything away. */
  async send(target: Target, change: Change = {}): Promise<GatewayReply> {
    const query = new URLSearchParams(change.query ?? target.query).toString();
    const { method, path, body, access } = target;
    const key = access.length === 0 ? null : this.keys[access[0]!];
    this.#tables = undefined;
    const { query: _query, ...rest } = change;
    const request = { method, path: query === '' ? path : `${path}?${query}`, body, key, ...rest };
    const reply = await this.gateway.send(measured(request));
    const told = reply.status < 300 ? '' : reply.text;
    const where = `${request.method} ${request.path}: ${reply.status} ${told.slice(0, 300)}`;
    const said = `${readable(request.path)} ${JSON.stringify(request.body)} ${JSON.stringify(request.headers)}`;
    expect([where, leaksIn(`${told}\n${JSON.stringify(reply.headers)}`, this.secrets, said)]).toEqual([where, []]);
    expect([where, reply.headers['x-request-id']]).toEqual([where, expect.stringMatching(/^[\da-f-]{36}$/)]);
    return reply;
  }

  /** The same, of which nothing good may come: a whole refusal in the form of whoever refuses. */
  async refused(target: Target, change: Change, by: 'gateway' | 'function' = 'function'): Promise<Refusal> {
    const reply = await this.send(target, change);
    expect(reply.status, `${target.name} took ${JSON.stringify(change).slice(0, 300)}`).toBeGreaterThanOrEqual(400);
    return by === 'gateway' ? gatewayRefusalOf(reply) : refusalOf(target.form, reply);
  }

  /**
   * Runs an attack, after which all is as it was: no request upstream or to the attacker's server, no line of any table made or
   * changed (no hold, no entry, no record, no audit line), and nothing in the log that is secret, or a fault of Weir's own.
   */
  async untouched(attack: () => Promise<void>): Promise<void> {
    const [asked, tables, log] = [this.gateway.upstream.requests.length, await this.tables(), await this.gateway.log()];
    await attack();
    const { requests } = this.gateway.upstream;
    expect(requests.slice(asked).map(({ path, rawBody }) => `${path} ${rawBody}`)).toEqual([]);
    this.#tables = undefined;
    expect(await this.tables()).toEqual(tables);
    await this.expectQuiet(log.length);
    // Of what was refused there is nothing to tell: neither where in the code, nor of whom.
    expect(leaksIn((await this.gateway.log()).slice(log.length), {})).toEqual([]);
  }

  /** Nothing secret stands in the log, no fault of Weir's own behind this place, and nobody visited the attacker's server. */
  async expectQuiet(from = 0): Promise<void> {
    const log = await this.gateway.log();
    const lines = log.slice(from).split('\n');
    expect(secretsIn(log, this.secrets)).toEqual([]);
    expect(lines.filter((line) => line.includes('"level":"ERROR"'))).toEqual([]);
    expect(this.visits).toEqual([]);
  }

  /** All that stands in all tables, a line an item. */
  async tables(): Promise<string[]> {
    const { awsEndpoints } = this.gateway.weir.outputs;
    return (this.#tables ??= linesOf(await dumpTables(awsEndpoints!.dynamodb, localTableNames())));
  }

  /** Makes a caller, and gives its clear key. */
  async register(record: CallerRecord): Promise<string> {
    this.#tables = undefined;
    return this.gateway.register(record);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    await this.gateway[Symbol.asyncDispose]();
  }
}

/** A path as it stands, and as it is read. */
function readable(path: string): string {
  try {
    return `${path} ${decodeURIComponent(path.replaceAll('+', ' '))}`;
  } catch {
    return path;
  }
}

/** With the body's length in its headers: node frames none for a method that seldom has one. */
function measured(request: GatewayRequest): GatewayRequest {
  const { body, headers } = request;
  if (body === undefined) return request;
  const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  return { ...request, body: bytes, headers: { 'content-length': Buffer.byteLength(bytes), ...headers } };
}

/** Starts one. Everybody's keys stand among its secrets. */
export async function openScene(): Promise<AttackScene> {
  const visits: string[] = [];
  const server = createServer((request, response) => {
    visits.push(`${request.method} ${request.url}`);
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env['WEIR_ATTACKED_SECRET'] = INNER;
  const gateway = await startLocalGateway();
  const { caller } = gateway.weir.keys;
  const finance = await gateway.register({ id: 'finance', roles: ['finance'], endpoints: ['*'] });
  // The key of the start itself has the role finance beside.
  const administrator = await gateway.register({ id: 'administrator', roles: ['administrator'], endpoints: ['*'] });
  const known = await gateway.send({
    path: '/v1/callers',
    body: { id: KNOWN_CALLER, owner: 'somebody else' },
    key: administrator,
  });
  const key = String(known.json['key']);
  return new AttackScene({
    gateway,
    bait: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    visits,
    keys: { caller, finance, administrator },
    secrets: { caller, finance, administrator, [KNOWN_CALLER]: key, upstream: UPSTREAM_KEY, environment: INNER },
    close: () => server.close(),
  });
}
