import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PassApi } from '#protocol/request.ts';
import { plainAnswers } from '#test/support/plain-answers.ts';
import { openScene, type AttackScene } from './attack-scene.ts';
import { INWARD_ADDRESSES, PUBLIC_ADDRESSES } from './inward-addresses.ts';
import { objectsIn, placesIn, withMember } from './places.ts';
import { tried } from './rows.ts';
import { allTargets, type Target } from './targets.ts';

const targets = await allTargets();

let scene: AttackScene;
beforeAll(async () => {
  scene = await openScene();
  scene.gateway.upstream.otherwise(plainAnswers);
});
afterAll(() => scene[Symbol.asyncDispose]());

/** By these a client of OpenAI's is told where to go, and as whom. */
const NAMES = ['base_url', 'api_base', 'api_key', 'baseURL', 'apiKey', 'organization', 'extra_headers', 'proxy'];

/** Deeper than any client reads, and still no deeper than a body may be. */
const DEEP = 60;
const buried = (value: unknown): unknown => Array.from({ length: DEEP }).reduce((inner) => ({ options: inner }), value);

describe.each(tried('I1', targets))('%s', (_name, target) => {
  const { body, kind } = target;

  test('I1 as a parameter of the query they are refused by name, or nobody reads them', async () => {
    const queries = NAMES.map((name) => [name, { ...target.query, [name]: scene.bait }] as const);
    if (target.spec.kind === 'endpoint') {
      for (const [, query] of queries) await expectAtHome(target, { query });
      return;
    }
    await scene.untouched(async () => {
      for (const [name, query] of queries) {
        const { status, errors } = await scene.refused(target, { query });
        expect([status, errors?.map(({ field }) => field)]).toEqual([400, [name]]);
      }
    });
  });

  test('I1 headers that name another host, or another key, lead nowhere', async () => {
    const host = new URL(scene.bait).host;
    const names = ['host', 'x-forwarded-host', 'x-original-host', 'x-portkey-custom-host', 'x-real-host'];
    const urls = ['x-openai-base-url', 'openai-base-url', 'x-original-url', 'x-callback-url', 'referer', 'origin'];
    const whose = ['openai-organization', 'openai-project', 'x-api-key', 'api-key', 'x-openai-api-key'];
    const headers = Object.fromEntries([
      ...names.map((name) => [name, host]),
      ...urls.map((name) => [name, scene.bait]),
      ...whose.map((name) => [name, 'of-someone-else']),
      ['forwarded', `host=${host}`],
    ]);
    await expectAtHome(target, { headers });
  });

  test('I1 in the body, at any depth, they are refused, or are data that goes to OpenAI and nowhere else', async () => {
    if (body === undefined) return;
    for (const name of NAMES) {
      for (const place of objectsIn(body)) {
        const planted = place.put(withMember(place.value as object, name, scene.bait));
        await expectRefusedOrAtHome(target, planted, kind === 'compatible' ? place.field === '' : true);
      }
      await expectRefusedOrAtHome(target, { ...body, options: buried({ [name]: scene.bait }) }, kind !== 'compatible');
    }
  });
});

/** Whatever becomes of a request: what is asked upstream is asked of OpenAI, with Weir's own key, and as nobody else. */
async function expectAtHome(target: Target, change: Parameters<AttackScene['send']>[1]): Promise<void> {
  const { upstream } = scene.gateway;
  const before = upstream.requests.length;
  const good = target.kind === 'reading' || target.kind === 'writing' ? 500 : 300;
  const headers = { 'cache-control': 'no-cache', ...change?.headers };
  const { status, text } = await scene.send(target, { ...change, headers });
  expect([target.name, status, target.kind === 'public' || status < good, text]).toEqual([
    target.name,
    status,
    true,
    text,
  ]);
  for (const sent of upstream.requests.slice(before)) {
    expect([sent.headers.host, sent.key?.slice(0, 16)]).toEqual([
      new URL(upstream.baseUrl).host,
      scene.secrets['upstream']?.slice(0, 16),
    ]);
    expect(JSON.stringify(sent.headers)).not.toContain('someone-else');
    expect(JSON.stringify(sent.headers)).not.toContain(new URL(scene.bait).host);
  }
  expect(scene.visits).toEqual([]);
}

/** @param isRefused by the schema; else it may be the caller's own data, deeper than a client reads */
async function expectRefusedOrAtHome(target: Target, body: unknown, isRefused: boolean): Promise<void> {
  const isData = target.name === 'extract' && JSON.stringify(body).includes('"schema":{');
  if (!isRefused || isData) return expectAtHomeWhatever(target, body);
  const before = scene.gateway.upstream.requests.length;
  const { status } = await scene.refused(target, { body });
  expect([body, status]).toEqual([body, 400]);
  expect(scene.gateway.upstream.requests.length).toBe(before);
}

async function expectAtHomeWhatever(target: Target, body: unknown): Promise<void> {
  const { upstream } = scene.gateway;
  const before = upstream.requests.length;
  const { status } = await scene.send(target, { body, headers: { 'cache-control': 'no-cache' } });
  expect([200, 400]).toContain(status);
  const hosts = upstream.requests.slice(before).map(({ headers }) => headers.host);
  expect(new Set([...hosts, new URL(upstream.baseUrl).host]).size).toBe(1);
  expect(scene.visits).toEqual([]);
}

/** Where OpenAI's words have room for an address of something that is to be fetched. */
const FETCHED: Readonly<Record<PassApi, readonly (readonly [field: string, (url: string) => object])[]>> = {
  'chat/completions': [
    [
      'messages.0.content.0.image_url.url',
      (url) => ({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] }),
    ],
  ],
  responses: [
    [
      'input.0.content.0.image_url',
      (url) => ({ input: [{ role: 'user', content: [{ type: 'input_image', image_url: url }] }] }),
    ],
    [
      'input.0.output.0.image_url',
      (url) => ({
        input: [{ type: 'function_call_output', call_id: 'c', output: [{ type: 'input_image', image_url: url }] }],
      }),
    ],
    [
      'input.0.content.0.file_url',
      (url) => ({ input: [{ role: 'user', content: [{ type: 'input_file', file_url: url }] }] }),
    ],
  ],
  embeddings: [],
  moderations: [['input.0.image_url.url', (url) => ({ input: [{ type: 'image_url', image_url: { url } }] })]],
};

/** A request's places for an address: in OpenAI's words those above, in Weir's own wherever the example has one. */
function placesForUrls({ kind, path, body = {} }: Target): (readonly [string, (url: string) => object])[] {
  if (kind === 'compatible') {
    const places = FETCHED[path.replace('/openai/v1/', '') as PassApi];
    return places.map(([field, change]) => [field, (url: string) => ({ ...body, ...change(url) })]);
  }
  return placesIn(body)
    .filter(({ value }) => typeof value === 'string' && /^(https:|data:)/.test(value))
    .map(({ field, put }) => [field, (url: string) => put(url) as object]);
}

describe.each(tried('I2', targets))('%s', (_name, target) => {
  const places = placesForUrls(target);

  test('I2 no address that leads inwards passes, in any spelling, and the refusal names its field', () =>
    scene.untouched(async () => {
      for (const [field, bodyWith] of places) {
        for (const url of INWARD_ADDRESSES) {
          if (field.endsWith('file_url') && url.startsWith('data:')) continue;
          const { status, errors } = await scene.refused(target, { body: bodyWith(url) });
          expect([url, status, errors?.map((fault) => fault.field)]).toEqual([url, 400, [field]]);
        }
      }
    }));

  test('I2 a public address passes as it stands', async () => {
    const { upstream } = scene.gateway;
    for (const [field, bodyWith] of places) {
      for (const url of PUBLIC_ADDRESSES.filter((each) => !field.endsWith('file_url') || each.startsWith('https:'))) {
        const { status } = await scene.send(target, { body: bodyWith(url) });
        expect([url, status, upstream.requests.at(-1)!.rawBody.includes(JSON.stringify(url))]).toEqual([
          url,
          200,
          true,
        ]);
      }
    }
  });

  test('I2 an address in any other text is a text: nobody visits it', async () => {
    const texts = placesIn(target.body).filter(({ value }) => typeof value === 'string');
    for (const { put } of texts) await expectAtHomeWhatever(target, put(scene.bait));
    const schemaless = { ...target.body, schema: { $ref: scene.bait, $schema: scene.bait, $id: scene.bait } };
    await expectAtHomeWhatever(target, schemaless);
  });
});

test('I2 a picture can be named on one of Weir’s own routes, or the above was tried on nothing', () => {
  const own = targets.filter(({ kind }) => kind === 'endpoint').flatMap((target) => placesForUrls(target));
  expect(own.map(([field]) => field)).toContain('image');
});

test('and nothing of all that is in the log, or was a fault', () => scene.expectQuiet());
