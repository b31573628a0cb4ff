import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { corpus } from '#test/support/corpus.ts';
import { plainAnswers } from '#test/support/plain-answers.ts';
import { openScene, type AttackScene } from './attack-scene.ts';
import { objectsIn, withMember } from './places.ts';
import { tried } from './rows.ts';
import { allTargets } from './targets.ts';

interface JsonCase {
  readonly name: string;
  readonly expect: 'accept' | 'reject' | 'either' | 'transform';
  readonly bytes_b64: string;
}

const targets = await allTargets();
const cases = corpus<JsonCase>('json-test-suite');

let scene: AttackScene;
beforeAll(async () => {
  scene = await openScene();
  scene.gateway.upstream.otherwise(plainAnswers);
});
afterAll(() => scene[Symbol.asyncDispose]());

const withBody = tried('I3', targets);

/** Cases dealt out to the routes like cards: each route gets some, and no case is left out. */
function share(route: string, wanted: JsonCase['expect']): [string, Buffer][] {
  const at = withBody.findIndex(([name]) => name === route);
  return cases
    .filter((one) => one.expect === wanted)
    .filter((_, index) => index % withBody.length === at)
    .map(({ name, bytes_b64 }) => [name, Buffer.from(bytes_b64, 'base64')]);
}

/** No UTF-8: a lone continuation byte, a cut sequence, an overlong `/`, a surrogate, a byte that no UTF-8 has, past U+10FFFF. */
const NO_UTF8 = [[0x80], [0xe2, 0x82], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xff], [0xf4, 0x90, 0x80, 0x80]];

describe.each(withBody)('%s', (name, target) => {
  test('I3 bodies that are no JSON are a 4xx, and nothing is done', () =>
    scene.untouched(async () => {
      const rejects = share(name, 'reject');
      expect(rejects.length).toBeGreaterThanOrEqual(10);
      for (const [what, body] of [...rejects, ...share(name, 'either'), ...share(name, 'transform')]) {
        const { status } = await scene.refused(target, { body });
        expect([what, status < 500]).toEqual([what, true]);
      }
      for (const bytes of NO_UTF8) {
        const body = Buffer.concat([Buffer.from('{"text":"'), Buffer.from(bytes), Buffer.from('"}')]);
        expect((await scene.refused(target, { body })).status).toBe(422);
      }
    }));

  test('I3 bodies that are JSON, and mean nothing here, are no 500', async () => {
    for (const [what, body] of share(name, 'accept')) {
      const { status } = await scene.send(target, { body });
      expect([what, status < 500]).toEqual([what, true]);
    }
  });
});

const FORBIDDEN = ['__proto__', 'constructor', 'prototype'];

describe.each(tried('I4', targets))('%s', (_name, target) => {
  const { body, spec } = target;

  test('I4 a name that reaches into prototypes is refused wherever it stands, and pollutes nothing', () =>
    scene.untouched(async () => {
      for (const key of FORBIDDEN) {
        for (const { value, put } of body === undefined ? [] : objectsIn(body)) {
          const planted = JSON.stringify(put(withMember(value as object, key, { polluted: true })));
          expect(planted).toContain(`"${key}"`);
          const { status, errors } = await scene.refused(target, { body: planted });
          expect([planted, status, errors?.[0]?.field]).toEqual([planted, 400, key]);
        }
        if (spec.kind === 'endpoint') continue;
        const query = Object.fromEntries([[key, '1']]);
        const { status, errors } = await scene.refused(target, { query: { ...target.query, ...query } });
        expect([status, errors?.[0]?.field]).toEqual([400, key]);
      }
      expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    }));

  test('I4 100,000-deep nesting is a 4xx within 100 ms of work', () =>
    scene.untouched(async () => {
      if (body === undefined) return;
      for (const [open, close] of [
        ['[', ']'],
        ['{"a":', '}'],
      ] as const) {
        const deep = `${open.repeat(100_000)}1${close.repeat(100_000)}`;
        const within = `${JSON.stringify(body).slice(0, -1)}${Object.keys(body).length > 0 ? ',' : ''}"x":${deep}}`;
        for (const nested of [deep, within]) {
          const tookMs: number[] = [];
          for (let round = 0; round < 3; round++) {
            const before = process.cpuUsage();
            const { status, errors } = await scene.refused(target, { body: nested });
            const { user, system } = process.cpuUsage(before);
            tookMs.push((user + system) / 1000);
            const message = 'body must be nested at most 64 levels deep';
            expect([status, errors]).toEqual([400, [{ field: 'body', message }]]);
          }
          // Of this process's own work: client, gateway and function. The machine may be busy with something else.
          expect(Math.min(...tookMs)).toBeLessThan(100);
        }
      }
    }));
});

describe.each(tried('I6', targets))('%s', (_name, target) => {
  test('I6 a body of 10 MB is a 413, JSON or not, with whichever method it comes', () =>
    scene.untouched(async () => {
      for (const body of [`{"text":"${'a'.repeat(10_000_000)}"}`, '{'.repeat(10_000_000)]) {
        expect((await scene.refused(target, { body }, 'gateway')).status).toBe(413);
      }
    }));
});

describe.each(tried('I7', targets))('%s', (_name, target) => {
  const { body, kind, spec, access } = target;

  test('I7 unknown fields and parameters are refused by their names, together', () =>
    scene.untouched(async () => {
      if (spec.kind === 'route') {
        const { status, errors } = await scene.refused(target, { query: { ...target.query, foo: '1', bar: '' } });
        expect([status, errors?.map(({ field }) => field)]).toEqual([400, ['foo', 'bar']]);
      }
      // OpenAI's words may have more members than are known here.
      if (body === undefined || kind === 'compatible') return;
      const { status, errors } = await scene.refused(target, { body: { ...body, foo: 1, bar: null } });
      expect([status, errors?.map(({ field }) => field).filter((field) => /^(foo|bar)$/.test(field))]).toEqual([
        400,
        ['foo', 'bar'],
      ]);
    }));

  test('I7 header names count in any case, the key’s and the scheme’s too', async () => {
    const key = access.length === 0 ? '' : scene.keys[access[0]!];
    // What is wrong in any case, so that nothing is changed by the routes that change something.
    const wrong = { query: { ...target.query, foo: '1' }, ...(spec.kind === 'endpoint' && { body: '{' }), key: null };
    const statuses = new Set<number>();
    for (const [name, scheme] of [
      ['authorization', 'Bearer'],
      ['AUTHORIZATION', 'BEARER'],
      ['aUtHoRiZaTiOn', 'bearer '],
    ] as const) {
      statuses.add((await scene.send(target, { ...wrong, headers: { [name]: `${scheme} ${key}` } })).status);
    }
    expect([...statuses]).toEqual([spec.kind === 'endpoint' ? 422 : 400]);
    if (spec.kind !== 'endpoint') return;
    for (const name of ['X-WEIR-TIMEOUT-MS', 'x-Weir-Timeout-Ms', 'IDEMPOTENCY-KEY', 'idempotency-Key']) {
      const { status, message } = await scene.refused(target, { headers: { [name]: 'two words' } });
      expect([status, String(message).toLowerCase()]).toEqual([400, expect.stringContaining(name.toLowerCase())]);
    }
  });
});
