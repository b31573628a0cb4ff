import { randomBytes, randomUUID } from 'node:crypto';

/** A key that the simulated Admin API made. */
export interface SimulatedKey {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly value: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | undefined;
}

export interface AdminRequest {
  readonly method: string;
  /** With its query, below `/v1`. */
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface AdminReply {
  readonly status: number;
  readonly body: object;
}

interface Account {
  readonly id: string;
  readonly name: string;
  role: 'member' | 'none';
}

const PROJECT_PATH = /^\/organization\/projects\/([^/]+)\/(api_keys|service_accounts)(?:\/([^/]+))?(\/api_keys)?$/;
const DEFAULT_PAGE = 20;

/**
 * The part of OpenAI's Admin API that rotation uses, in memory: service accounts and keys of projects, with expiry, pages and
 * deletion. Any project exists.
 */
export class SimulatedAdmin {
  readonly #nowMs: () => number;
  readonly #accounts = new Map<string, Account[]>();
  readonly #keys: SimulatedKey[] = [];

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
  }

  /** The keys that work now, the oldest first. */
  get keys(): readonly SimulatedKey[] {
    return this.#keys.filter(({ expiresAtMs = Infinity }) => expiresAtMs > this.#nowMs());
  }

  /** Answers a request; undefined for what is no such route. */
  handle({ method, path, body }: AdminRequest): AdminReply | undefined {
    const { pathname, searchParams } = new URL(path, 'http://admin');
    const [, project, kind, id, ofAccount] = PROJECT_PATH.exec(pathname) ?? [];
    if (project === undefined) return undefined;
    if (kind === 'service_accounts')
      return this.#onAccounts(method, project, id, ofAccount !== undefined, body, searchParams);
    if (method === 'GET' && id === undefined) {
      return page(this.keys.filter((key) => key.project === project).map(toListed), searchParams);
    }
    return this.#onKey(method, project, id, body);
  }

  #onAccounts(
    method: string,
    project: string,
    id: string | undefined,
    isKey: boolean,
    body: AdminRequest['body'],
    query: URLSearchParams,
  ): AdminReply {
    const accounts = this.#accounts.get(project) ?? [];
    this.#accounts.set(project, accounts);
    if (id === undefined && method === 'GET') return page(accounts.map(toAccount), query);
    if (id === undefined) {
      const account: Account = { id: `svc_${randomUUID()}`, name: String(body['name']), role: 'none' };
      accounts.push(account);
      return { status: 200, body: { ...toAccount(account), api_key: null } };
    }
    const account = accounts.find((each) => each.id === id);
    if (!account) return refusal(404, `No such service account: ${id}`);
    if (isKey)
      return account.role === 'none' ? refusal(403, 'It has no role in the project.') : this.#mint(project, body);
    account.role = 'member';
    return { status: 200, body: toAccount(account) };
  }

  #mint(project: string, { name, expires_in_seconds: seconds }: AdminRequest['body']): AdminReply {
    const key: SimulatedKey = {
      id: `key_${randomBytes(8).toString('hex')}`,
      name: String(name),
      project,
      value: ['sk', 'svcacct', randomBytes(24).toString('hex')].join('-'),
      createdAtMs: this.#nowMs(),
      expiresAtMs: typeof seconds === 'number' ? this.#nowMs() + seconds * 1000 : undefined,
    };
    this.#keys.push(key);
    const { redacted_value: _redacted, ...listed } = toListed(key);
    return { status: 200, body: { ...listed, value: key.value } };
  }

  #onKey(method: string, project: string, id: string | undefined, body: AdminRequest['body']): AdminReply {
    const key = this.keys.find((each) => each.id === id && each.project === project);
    if (!key) return refusal(404, `No such key: ${id}`);
    const place = this.#keys.indexOf(key);
    if (method === 'DELETE') {
      this.#keys.splice(place, 1);
      return { status: 200, body: { id: key.id, object: 'organization.project.api_key.deleted', deleted: true } };
    }
    const extended = { ...key, expiresAtMs: this.#nowMs() + Number(body['expires_in_seconds']) * 1000 };
    this.#keys[place] = extended;
    return { status: 200, body: toListed(extended) };
  }
}

/** One page, as the query asks for it: `limit` items behind the one whose id is `after`. */
function page(items: readonly { readonly id: string }[], query: URLSearchParams): AdminReply {
  const after = query.get('after');
  const from = after === null ? 0 : items.findIndex(({ id }) => id === after) + 1;
  const data = items.slice(from, from + Number(query.get('limit') ?? DEFAULT_PAGE));
  const ends = { first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
  return { status: 200, body: { object: 'list', data, ...ends, has_more: from + data.length < items.length } };
}

function toListed({ id, name, value, createdAtMs, expiresAtMs }: SimulatedKey) {
  return {
    id,
    name,
    object: 'organization.project.api_key',
    created_at: Math.floor(createdAtMs / 1000),
    expires_at: expiresAtMs === undefined ? null : Math.floor(expiresAtMs / 1000),
    last_used_at: null,
    owner_project_access: 'active',
    redacted_value: `***${value.slice(-4)}`,
    owner: { type: 'service_account' },
  };
}

function toAccount({ id, name, role }: Account) {
  return { id, name, role, object: 'organization.project.service_account', created_at: 0 };
}

/** An error as OpenAI words it. */
function refusal(status: number, message: string): AdminReply {
  return { status, body: { error: { message, type: 'invalid_request_error', param: null, code: null } } };
}
