import * as z from 'zod';
import type { AdminKey } from '../budgets/admin-key.ts';
import { CliFailure, reasonOf } from '../failure.ts';
import { parseProblem } from '../problem.ts';

/** API Gateway gives up after 29 s; a cold start and the way there are within this. */
const TIMEOUT_MS = 35_000;

/** A caller as the API tells it; members that came later than this command line stay, for machines. */
const callerSchema = z.looseObject({
  id: z.string(),
  state: z.string(),
  owner: z.string().optional(),
  roles: z.array(z.string()),
  endpoints: z.array(z.string()),
  budget: z.looseObject({ monthlyUsd: z.string().nullable(), dailyUsd: z.string().nullable() }),
  expiresAt: z.string().nullable(),
  keys: z.array(
    z.looseObject({ keyId: z.string(), createdAt: z.string(), expiresAt: z.string().nullable(), isOver: z.boolean() }),
  ),
});
export type Caller = z.infer<typeof callerSchema>;

const keySchema = z.looseObject({ caller: callerSchema, keyId: z.string(), key: z.string() });
/** A caller, and a key of it in clear: shown this once. */
export type NewKey = z.infer<typeof keySchema>;

const listSchema = z.looseObject({ callers: z.array(callerSchema) });

/** The API's routes for callers. All @throws CliFailure with what the API says, in one line */
export interface CallerApi {
  create(wish: { readonly id: string } & Readonly<Record<string, unknown>>): Promise<NewKey>;
  list(): Promise<Caller[]>;
  read(id: string): Promise<Caller>;
  change(id: string, change: Readonly<Record<string, unknown>>): Promise<Caller>;
  rotate(id: string, wish: Readonly<Record<string, unknown>>): Promise<NewKey>;
  revoke(id: string, keyId?: string): Promise<Caller>;
}

interface Asked {
  /** What an error is about. */
  readonly thing: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: object;
}

/** The routes as an administrator asks them. */
export function createCallerApi(apiUrl: string, key: AdminKey): CallerApi {
  const ask = async <Output>(asked: Asked, schema: z.ZodType<Output>): Promise<Output> => {
    const { status, text } = await send(apiUrl, key, asked);
    if (status !== 200) throw new CliFailure(refusalOf(asked, status, text, key));
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    throw new CliFailure(`${asked.thing}: ${apiUrl} answered 200, but not with what this command knows as a caller`);
  };
  const pathOf = (id: string) => `/v1/callers/${encodeURIComponent(id)}`;
  return {
    create: (body) => ask({ thing: body.id, method: 'POST', path: '/v1/callers', body }, keySchema),
    list: async () => (await ask({ thing: 'callers', method: 'GET', path: '/v1/callers' }, listSchema)).callers,
    read: (id) => ask({ thing: id, method: 'GET', path: pathOf(id) }, callerSchema),
    change: (id, body) => ask({ thing: id, method: 'PUT', path: pathOf(id), body }, callerSchema),
    rotate: (id, body) => ask({ thing: id, method: 'POST', path: `${pathOf(id)}/keys`, body }, keySchema),
    revoke(id, keyId) {
      const path = keyId === undefined ? pathOf(id) : `${pathOf(id)}/keys/${encodeURIComponent(keyId)}`;
      return ask({ thing: id, method: 'DELETE', path }, callerSchema);
    },
  };
}

async function send(apiUrl: string, key: AdminKey, { thing, method, path, body }: Asked) {
  const headers = { authorization: `Bearer ${key.value}` };
  try {
    const reply = await fetch(apiUrl + path, {
      method,
      ...(body
        ? { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }
        : { headers }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status: reply.status, text: await reply.text() };
  } catch (error) {
    throw new CliFailure(`${thing}: no answer (${reasonOf(error)})${method === 'GET' ? '' : UNSURE}`);
  }
}

const UNSURE = '; it may have been done all the same: see callers show';

/** What the API says, in one line. */
function refusalOf({ thing, method }: Asked, status: number, text: string, key: AdminKey): string {
  const { code, detail, requestId } = parseProblem(text);
  const said = code === undefined ? `${status} without a reason` : `${status} ${code}: ${detail ?? ''}`;
  const request = requestId === undefined ? '' : ` (request id ${requestId})`;
  const doubt = status === 401 || status === 403 ? `; the administrator's key came from ${key.from}` : '';
  return `${thing}: ${said}${request}${doubt}${method !== 'GET' && status >= 500 ? UNSURE : ''}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
