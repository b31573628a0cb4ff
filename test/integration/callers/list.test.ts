import { afterAll, beforeAll, expect, test } from 'vitest';
import { readParts } from '#test/support/read-parts.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

const asAdministrator = { caller: 'root', roles: ['administrator'] } as const;

let weir: Weir;
beforeAll(async () => {
  weir = await startWeir({ baseUrl: 'http://127.0.0.1:1/v1' });
});
afterAll(() => weir[Symbol.asyncDispose]());

interface Part {
  readonly callers: readonly { readonly id: string; readonly state: string }[];
  readonly next?: string;
}

async function read(query: Readonly<Record<string, string>>): Promise<Part> {
  const { status, body } = await weir.get('security/list-callers', query, asAdministrator);
  expect([status, body['detail']]).toEqual([200, undefined]);
  return body as unknown as Part;
}

const readAll = (query: Readonly<Record<string, string>>) => readParts(read, query);

const make = async (id: string, more: object = {}) =>
  expect((await weir.post('security/create-caller', { id, ...more }, asAdministrator)).status).toBe(201);
const idsOf = (parts: readonly Part[]) => parts.map(({ callers }) => callers.map(({ id }) => id));

test('callers are listed part by part, by their ids: each once, the revoked too, and none whose making broke off', async () => {
  const ids = Array.from({ length: 30 }, (_, at) => `shop-${String(at).padStart(2, '0')}`);
  for (const id of ids.toReversed()) await make(id);
  await weir.delete('security/revoke-caller', { ...asAdministrator, params: { id: 'shop-07' } });
  // An id is listed before its record is there.
  const place = { pk: 'directory#3' };
  await weir.platform.dynamo.update(weir.platform.config.tables.callers, place, 'ADD listed :id', {
    values: { ':id': new Set(['shop-07x']) },
  });

  for (const limit of ['1', '7', '29', '30', '1000']) {
    const parts = idsOf(await readAll({ limit }));
    expect([limit, parts.flat()]).toEqual([limit, ids]);
    expect(parts.slice(0, -1).every((part) => part.length === Number(limit))).toBe(true);
  }
  expect((await read({})).callers.find(({ id }) => id === 'shop-07')).toMatchObject({ state: 'revoked' });
});

test('of large callers fewer are told at once, so that no reply is too large to be given', async () => {
  const models = Array.from({ length: 12_000 }, (_, at) => `gpt-of-our-own-number-${at}`);
  for (const id of ['wide-1', 'wide-2', 'wide-3', 'wide-4']) await make(id, { policy: { models } });
  const parts = idsOf(await readAll({ limit: '1000', next: 'wide-0' }));
  expect(parts.flat()).toEqual(['wide-1', 'wide-2', 'wide-3', 'wide-4']);
  expect(parts.length).toBeGreaterThan(1);
});

test.each([
  [{ limit: '0' }, 'limit must be a whole number from 1 to 1000'],
  [{ limit: '1001' }, 'limit must be a whole number from 1 to 1000'],
  [{ next: '../x' }, 'next must be 1 to 64 letters'],
])('%j is a 400 that names it', async (query, detail) => {
  const { status, body } = await weir.get('security/list-callers', query, asAdministrator);
  expect([status, body['detail']]).toEqual([400, expect.stringContaining(detail)]);
});
