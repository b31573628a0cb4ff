import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCatalog } from '#infra/catalog.ts';
import { readInventory } from '#infra/inventory.ts';
import { growFunctions, type FunctionsTree } from '#test/support/functions-tree.ts';
import { startLocalGateway, type LocalGateway } from '#test/support/local-gateway.ts';
import { faultsAgainst, type OpenApi } from '#test/support/openapi-faults.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { testKey } from '#test/support/test-key.ts';
import { startWeir } from '#test/support/weir.ts';

const IMPORTS = `
import * as z from 'zod';
import { defineRoute } from '#edge/define-route.ts';
import { defineSchedule } from '#edge/define-schedule.ts';
import { NotFound } from '#platform/errors.ts';
`;

/** Routes with a parameter and a body, and work that the clock starts: each one file. */
const FILES = {
  'finance/read-note.ts': `${IMPORTS}
export const { handler, spec } = defineRoute({
  summary: 'A note.',
  method: 'GET',
  path: '/v1/notes/{name}',
  access: ['finance'],
  query: z.strictObject({ name: z.string().max(40), loud: z.literal('yes').optional() }),
  output: z.strictObject({ name: z.string(), text: z.string() }),
  async handle({ name, loud }, { dynamo, config }) {
    const item = await dynamo.get(config.tables.jobs, { pk: name });
    if (!item) throw new NotFound('no such note');
    const text = String(item['text']);
    return { json: { name, text: loud ? text.toUpperCase() : text } };
  },
});`,
  'finance/write-note.ts': `${IMPORTS}
export const { handler, spec } = defineRoute({
  summary: 'Writes a note.',
  method: 'PUT',
  path: '/v1/notes/{name}',
  access: ['administrator'],
  query: z.strictObject({ name: z.string().max(40) }),
  body: z.strictObject({ text: z.string().max(20) }),
  output: z.strictObject({ name: z.string() }),
  async handle({ name, body }, { dynamo, config }) {
    await dynamo.put(config.tables.jobs, { pk: name, text: body.text });
    return { json: { name } };
  },
});`,
  'finance/all-notes.ts': `${IMPORTS}
export const { handler, spec } = defineRoute({
  summary: 'Says that there are notes.',
  method: 'GET',
  path: '/v1/notes/all',
  access: ['finance'],
  query: z.strictObject({}),
  handle: async () => ({ json: { all: true } }),
});`,
  'finance/tick.ts': `${IMPORTS}
export const { handler, spec } = defineSchedule({
  summary: 'Writes when it ran.',
  everyMinutes: 1,
  async handle({ dynamo, config, clock }, { killAtMs }) {
    const text = 'ran with ' + (killAtMs - clock.nowMs()) + ' ms';
    await dynamo.put(config.tables.jobs, { pk: 'tick', text });
    return text;
  },
});`,
  'finance/stumble.ts': `${IMPORTS}
export const { handler, spec } = defineSchedule({
  summary: 'Fails.',
  everyMinutes: 1,
  handle: () => Promise.reject(new Error('wrong key ${testKey('stumble')}')),
});`,
};

let tree: FunctionsTree;
let gateway: LocalGateway;
let openapi: OpenApi;
let administrator: string;
beforeAll(async () => {
  tree = await growFunctions(FILES);
  openapi = createCatalog(await readInventory(tree.functionsFolder)).openapi as OpenApi;
  gateway = await startLocalGateway({ functionsFolder: tree.functionsFolder });
  administrator = gateway.weir.keys.administrator;
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await tree[Symbol.asyncDispose]();
});

const put = (name: string, body: unknown, key = administrator) =>
  gateway.send({ method: 'PUT', path: `/v1/notes/${name}`, body, key });
const get = (name: string, key: string | null = administrator) =>
  gateway.send({ method: 'GET', path: `/v1/notes/${name}`, key });

test('a route with a parameter and a body is served by npm start', async () => {
  const written = await put('endpoint%3Aa%2Fb', { text: 'low wall' });
  expect([written.status, written.json]).toEqual([200, { name: 'endpoint:a/b' }]);
  // The same value, however it is written.
  for (const name of ['endpoint%3Aa%2Fb', 'endpoint:a%2Fb', 'endp%6Fint:a%2fb']) {
    expect((await get(name)).json).toEqual({ name: 'endpoint:a/b', text: 'low wall' });
  }
  expect((await get('endpoint:a%2Fb?loud=yes&name=other')).json).toEqual({ name: 'endpoint:a/b', text: 'LOW WALL' });
  expect((await get('all')).json).toEqual({ all: true });
});

test('what it refuses, it refuses in the words and statuses that the OpenAPI document tells', async () => {
  const replies = await Promise.all([
    put('a', undefined),
    put('a', '{'),
    put('a', { text: 'a'.repeat(21) }),
    put('a', { text: 'a', more: 1 }),
    put('a?loud=yes', { text: 'a' }),
    put('a'.repeat(41), { text: 'a' }),
    put('a', ' '.repeat(1_500_001)),
    put('a', ' '.repeat(4_800_000)), // the gateway's own limit
    put('a', { text: 'a' }, 'nobody'),
    put('a', { text: 'a' }, gateway.weir.keys.caller),
  ]);
  expect(replies.map(({ status }) => status)).toEqual([422, 422, 400, 400, 400, 400, 413, 413, 401, 403]);
  const read = [await get('nowhere'), await get(`nowhere?colour=red`), await get('%FF%')];
  expect(read.map(({ status }) => status)).toEqual([404, 400, 404]);
  const seen = [...replies.map((reply) => ['put', reply] as const), ...read.map((reply) => ['get', reply] as const)];
  for (const [method, { status, headers, json }] of seen) {
    const reply = { method, path: '/v1/notes/{name}', status, contentType: headers['content-type'], body: json };
    expect(faultsAgainst(openapi, reply)).toEqual([]);
  }
});

test('another method on a known path, and a path beside it, are no route', async () => {
  const statusOf = async (method: string, path: string) =>
    (await gateway.send({ method, path, key: administrator })).status;
  for (const method of ['POST', 'DELETE', 'OPTIONS', 'PATCH']) expect(await statusOf(method, '/v1/notes/a')).toBe(404);
  expect(await statusOf('PUT', '/v1/notes/all')).toBe(404);
  for (const path of ['/v1/notes', '/v1/notes/', '/v1/notes/a/b', '/v1/notes/a/', '//v1/notes/a']) {
    expect([path, await statusOf('GET', path)]).toEqual([path, 404]);
  }
});

test('A4 who may read any note may write none, before and after a cached decision', async () => {
  await put('one', { text: '1' });
  await put('two', { text: '2' });
  for (const asksAllowedFirst of [true, false]) {
    const finance = await gateway.register({ id: 'finance', roles: ['finance'], endpoints: ['*'] });
    if (asksAllowedFirst) expect((await get('one', finance)).status).toBe(200);
    expect((await put('one', { text: 'x' }, finance)).status).toBe(403);
    expect([(await get('one', finance)).status, (await get('two', finance)).status]).toEqual([200, 200]);
    expect((await put('two', { text: 'x' }, finance)).status).toBe(403);
  }
  expect((await get('one')).json['text']).toBe('1');
  const caller = await gateway.register({ id: 'caller', roles: ['caller'], endpoints: ['*'] });
  for (const name of ['one', '*', '%2A', '..', '{name}']) expect((await get(name, caller)).status).toBe(403);
  expect((await get('one', null)).status).toBe(401);
});

test('A4 the decision about one value of a parameter serves the others, until its time is over', async () => {
  const record = { id: 'moved', roles: ['finance'], endpoints: [] } as const;
  const key = await gateway.register(record);
  expect((await get('nowhere', key)).status).toBe(404);
  await gateway.register({ ...record, roles: ['caller'] }, key);
  // The table says otherwise by now; the cached policy still decides.
  expect((await get('nowhere-else', key)).status).toBe(404);
  expect((await put('one', { text: 'x' }, key)).status).toBe(403);
});

test('a scheduled function runs as soon as all stands, with its time, and has no route', async () => {
  await expect.poll(async () => (await get('tick')).status, { timeout: 10_000 }).toBe(200);
  expect((await get('tick')).json['text']).toMatch(/^ran with (62\d{3}|63000) ms$/);
  for (const path of ['/v1/finance/tick', '/v1/tick', '/finance/tick']) {
    for (const method of ['GET', 'POST']) expect((await gateway.send({ method, path })).status).toBe(404);
  }
});

test('D1 one that fails is told in the log alone, masked, and all else goes on', async () => {
  await expect.poll(() => gateway.log(), { timeout: 10_000 }).toContain('a scheduled function did not end well');
  const log = await gateway.log();
  const line = log.split('\n').find((one) => one.includes('"a scheduled function failed"'));
  expect(JSON.parse(line!)).toMatchObject({
    schedule: 'finance/stumble',
    error: { message: expect.stringMatching(/^wrong key /) },
  });
  expect(log).not.toContain(testKey('stumble').slice(0, 12));
  expect((await gateway.send({ method: 'GET', path: '/health', key: null })).status).toBe(200);
});

test('the OpenAPI document that tells of them is valid, and schedules do not stand in it', async () => {
  expect(await new Validator().validate(structuredClone({ ...openapi }))).toEqual({ valid: true });
  expect(openapi.paths['/v1/notes/{name}']).toMatchObject({
    get: {
      parameters: [
        { name: 'name', in: 'path', required: true, schema: { type: 'string', maxLength: 40 } },
        { name: 'loud', in: 'query', required: false },
      ],
    },
    put: {
      parameters: [{ name: 'name', in: 'path', required: true }],
      requestBody: {
        required: true,
        content: { 'application/json': { schema: { required: ['text'], additionalProperties: false } } },
      },
    },
  });
  expect(openapi.paths['/v1/notes/{name}']!['get']).not.toHaveProperty('requestBody');
  expect(JSON.stringify(openapi)).not.toMatch(/tick|stumble/);
});

test('a test has them without a gateway: put, get with parameters, and a run of a schedule', async () => {
  await using upstream = await startScriptedUpstream();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl, functionsFolder: tree.functionsFolder });
  const options = { params: { name: 'a b/ü%' }, roles: ['administrator', 'finance'] } as const;
  expect(await weir.put('finance/write-note', { text: 'hello' }, options)).toMatchObject({ status: 200 });
  const reply = await weir.newEnvironment().get('finance/read-note', { loud: 'yes' }, options);
  expect([reply.status, reply.body]).toEqual([200, { name: 'a b/ü%', text: 'HELLO' }]);

  expect(await weir.runSchedule('finance/tick')).toBe('ran with 63000 ms');
  expect(await weir.newEnvironment().runSchedule('finance/tick', { remainingMs: 900 })).toBe('ran with 900 ms');
  await expect(weir.runSchedule('finance/stumble')).rejects.toThrow('finance/stumble failed; the log says why');
  expect(weir.logged('a scheduled function failed')).toHaveLength(1);
  await expect(weir.runSchedule('finance/read-note')).rejects.toThrow('finance/read-note is no scheduled function');
});
