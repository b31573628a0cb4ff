import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openScene, type AttackScene } from './attack-scene.ts';
import { FAULTS } from './faults.ts';
import { fuzz, oneOf } from './fuzz.ts';
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

/** Faults by their names; of those that a route does not have, the next that it has is taken. */
const faults = Object.entries(FAULTS);

/** Short enough that the server's own parser does not refuse the whole before the gateway can. */
const MAX_CHARS = 60;
const shortText = strangeText.map((text) => text.slice(0, MAX_CHARS).toWellFormed());

fuzz('a request with one fault is a 4xx, whatever headers and parameters it bears, and asks nothing', {
  share: 0.1,
  given: fc.record({
    target: oneOf(targets),
    at: fc.nat({ max: faults.length - 1 }),
    headers: strangeHeaders,
    query: fc.dictionary(shortText, shortText, { maxKeys: 3 }),
  }),
  async holds({ target, at, headers, query }) {
    const before = scene.gateway.upstream.requests.length;
    const [what, [change]] = [...faults.slice(at), ...faults].find(([, [, fits]]) => fits(target))!;
    const { status } = await scene.send(target, {
      ...change,
      headers: { ...headers, ...change.headers },
      query: { ...target.query, ...query, ...change.query },
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
    target: oneOf(targets.filter(({ access }) => access.length > 0)),
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
