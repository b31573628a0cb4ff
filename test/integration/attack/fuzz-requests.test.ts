import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openScene, type AttackScene } from './attack-scene.ts';
import { FAULTS } from './faults.ts';
import { fuzz } from './fuzz.ts';
import { strangeHeaders, strangeText } from './strange.ts';
import { allTargets } from './targets.ts';

const targets = await allTargets();

let scene: AttackScene;
let tables: string[];
beforeAll(async () => {
  scene = await openScene();
  tables = await scene.tables();
});
afterAll(() => scene[Symbol.asyncDispose]());

/** A route, and a fault that makes a request to it invalid whatever else it bears. */
const spoiled = fc.constantFrom(
  ...targets.flatMap((target) =>
    Object.entries(FAULTS).flatMap(([what, [change, fits]]) => (fits(target) ? [{ target, what, change }] : [])),
  ),
);

fuzz('a request with one fault is a 4xx, whatever headers and parameters it bears, and asks nothing', {
  share: 0.1,
  given: fc.record({
    spoiled,
    headers: strangeHeaders,
    query: fc.dictionary(strangeText, strangeText, { maxKeys: 3 }),
  }),
  async holds({ spoiled: { target, what, change }, headers, query }) {
    const before = scene.gateway.upstream.requests.length;
    const sendable = Object.fromEntries(Object.entries(query).map(([name, value]) => [name.toWellFormed(), value]));
    const { status } = await scene.send(target, {
      ...change,
      headers: { ...headers, ...change.headers },
      query: { ...target.query, ...sendable, ...change.query },
    });
    expect([target.name, what, status, status >= 400 && status < 500]).toEqual([target.name, what, status, true]);
    expect(scene.gateway.upstream.requests.length - before).toBe(0);
  },
});

/** Whoever it is said to be, it is nobody. */
const nobody = fc.oneof(
  fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 80 }),
  fc.stringMatching(/^[Bb]earer +[\x21-\x7e]{1,60}$/),
  fc.stringMatching(/^Bearer weir_[0-9A-Za-z]{40}$/),
  fc.stringMatching(/^(Basic|Digest|AWS4-HMAC-SHA256|Token|Bearer Bearer) [\x21-\x7e]{0,60}$/),
);

fuzz('no header is somebody’s key but that key', {
  share: 0.1,
  given: fc.record({
    target: fc.constantFrom(...targets.filter(({ access }) => access.length > 0)),
    authorization: nobody,
    headers: strangeHeaders,
  }),
  async holds({ target, authorization, headers }) {
    const before = scene.gateway.upstream.requests.length;
    const change = { key: null, headers: { ...headers, authorization: authorization.replaceAll('\x7f', '') } };
    const { status } = await scene.refused(target, change, 'gateway');
    expect([target.name, authorization, status]).toEqual([target.name, authorization, 401]);
    expect(scene.gateway.upstream.requests.length - before).toBe(0);
  },
});

test('and no table has changed, and the log is quiet', async () => {
  expect(await scene.tables()).toEqual(tables);
  await scene.expectQuiet();
});
