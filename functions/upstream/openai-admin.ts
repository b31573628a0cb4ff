import OpenAI, { NotFoundError } from 'openai';
import { APIKeys } from 'openai/resources/admin/organization/projects/api-keys';
import { ServiceAccounts } from 'openai/resources/admin/organization/projects/service-accounts/service-accounts';
import { nodeFetch } from './node-fetch.ts';

/** A key as OpenAI tells it once, and never again. */
export interface MintedKey {
  readonly id: string;
  readonly value: string;
}

/** A key of a project, without its value. */
export interface ListedKey {
  readonly id: string;
  readonly name: string;
  readonly createdAtMs: number;
  /** Absent: it does not expire. */
  readonly expiresAtMs?: number;
}

/**
 * What rotation asks of OpenAI's Admin API (https://platform.openai.com/docs/api-reference/project-api-keys). Nothing is
 * tried twice in here: a rotation's steps can be repeated whole. @throws OpenAI's `APIError`
 */
export interface OpenAiAdmin {
  /** Makes a key of Weir's service account in the project, and that account where there is none. */
  mint(project: string, name: string, expiresInSeconds: number): Promise<MintedKey>;
  /** All keys of a project, whoever made them. */
  keys(project: string): Promise<ListedKey[]>;
  /** Puts a key's end off, to so many seconds from now. */
  extend(project: string, keyId: string, expiresInSeconds: number): Promise<void>;
  /** Deletes a key; one that is gone already is as good. */
  revoke(project: string, keyId: string): Promise<void>;
}

/** The service account that holds Weir's keys, in each project. */
const ACCOUNT_NAME = 'weir';
const TIMEOUT_MS = 15_000;
const PAGE = 100;

/**
 * The Admin API over the SDK. Its resources are made one by one: by way of `client.admin` the bundle would carry the whole of
 * the administration.
 */
export function createOpenAiAdmin(baseURL: string, adminAPIKey: string): OpenAiAdmin {
  const client = new OpenAI({
    baseURL,
    adminAPIKey,
    maxRetries: 0,
    timeout: TIMEOUT_MS,
    fetch: nodeFetch,
    // The SDK reads these from the environment where they are not given, and logs to the console.
    apiKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: 'off',
  });
  const keys = new APIKeys(client);
  const accounts = new ServiceAccounts(client);

  /** Made without a key, for that one would have no name by which to find it again; so it needs its role by itself. */
  async function accountOf(project: string): Promise<string> {
    for await (const { id, name, role } of accounts.list(project, { limit: PAGE })) {
      if (name !== ACCOUNT_NAME) continue;
      if (role === 'none') await accounts.update(id, { project_id: project, role: 'member' });
      return id;
    }
    const { id } = await accounts.create(project, { name: ACCOUNT_NAME, create_service_account_only: true });
    await accounts.update(id, { project_id: project, role: 'member' });
    return id;
  }

  return {
    async mint(project, name, expiresInSeconds) {
      const terms = { project_id: project, name, expires_in_seconds: expiresInSeconds };
      const { id, value } = await accounts.apiKeys.create(await accountOf(project), terms);
      return { id, value };
    },
    async keys(project) {
      const found: ListedKey[] = [];
      for await (const key of keys.list(project, { limit: PAGE, owner_project_access: 'any' })) {
        const { id, name, created_at: createdAt, expires_at: expiresAt } = key;
        const expiry = typeof expiresAt === 'number' ? { expiresAtMs: expiresAt * 1000 } : {};
        found.push({ id, name, createdAtMs: createdAt * 1000, ...expiry });
      }
      return found;
    },
    async extend(project, keyId, expiresInSeconds) {
      await keys.update(keyId, { project_id: project, expires_in_seconds: expiresInSeconds });
    },
    async revoke(project, keyId) {
      try {
        await keys.delete(keyId, { project_id: project });
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error;
      }
    },
  };
}
