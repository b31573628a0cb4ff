import * as z from 'zod';
import type { Administrator } from '../administrator.ts';
import { createAskApi } from '../ask-api.ts';

/** A caller as the API tells it; members that came later than this command line stay, for machines. */
const callerSchema = z.looseObject({
  id: z.string(),
  state: z.string(),
  owner: z.string().optional(),
  roles: z.array(z.string()),
  endpoints: z.array(z.string()),
  requestsPerSecond: z.number().nullish(),
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

const listSchema = z.looseObject({ callers: z.array(callerSchema), next: z.string().optional() });

/** The API's routes for callers. All @throws CliFailure with what the API says, in one line */
export interface CallerApi {
  create(wish: { readonly id: string } & Readonly<Record<string, unknown>>): Promise<NewKey>;
  /** All of them, part by part. */
  list(): Promise<Caller[]>;
  read(id: string): Promise<Caller>;
  change(id: string, change: Readonly<Record<string, unknown>>): Promise<Caller>;
  rotate(id: string, wish: Readonly<Record<string, unknown>>): Promise<NewKey>;
  revoke(id: string, keyId?: string): Promise<Caller>;
}

const WORDS = { reply: 'a caller', unsure: '; it may have been done all the same: see callers show' };

/** The routes as an administrator asks them. */
export function createCallerApi(apiUrl: string, administrator: Administrator): CallerApi {
  const ask = createAskApi(apiUrl, administrator, WORDS);
  const pathOf = (id: string) => `/v1/callers/${encodeURIComponent(id)}`;
  return {
    create: (body) => ask({ thing: body.id, method: 'POST', path: '/v1/callers', body }, keySchema),
    async list() {
      const all: Caller[] = [];
      for (let query = ''; ;) {
        const { callers, next } = await ask(
          { thing: 'callers', method: 'GET', path: `/v1/callers${query}` },
          listSchema,
        );
        all.push(...callers);
        if (next === undefined) return all;
        query = `?next=${encodeURIComponent(next)}`;
      }
    },
    read: (id) => ask({ thing: id, method: 'GET', path: pathOf(id) }, callerSchema),
    change: (id, body) => ask({ thing: id, method: 'PUT', path: pathOf(id), body }, callerSchema),
    rotate: (id, body) => ask({ thing: id, method: 'POST', path: `${pathOf(id)}/keys`, body }, keySchema),
    revoke(id, keyId) {
      const path = keyId === undefined ? pathOf(id) : `${pathOf(id)}/keys/${encodeURIComponent(keyId)}`;
      return ask({ thing: id, method: 'DELETE', path }, callerSchema);
    },
  };
}
