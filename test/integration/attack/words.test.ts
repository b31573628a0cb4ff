import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { corpus } from '#test/support/corpus.ts';
import { plainAnswers } from '#test/support/plain-answers.ts';
import { openScene, type AttackScene } from './attack-scene.ts';
import { placesIn } from './places.ts';
import { tried } from './rows.ts';
import { allTargets } from './targets.ts';

const targets = await allTargets();
const naughty = tried('I5', targets);
const strings = [...new Set(corpus<{ readonly text: string }>('naughty-strings').map(({ text }) => text))];
const TEMPLATES = [
  '{{7*7}}',
  '${7*7}',
  '${process.env.WEIR_ATTACKED_SECRET}',
  '{{constructor.constructor("return process.env")()}}',
  '#{ENV}',
  '<%= process.env %>',
  '%s%d%n%p',
  '$(env)',
  '`env`',
  '${jndi:ldap://127.0.0.1/a}',
  "'; DROP TABLE callers; --",
  '{"$ref":"#"}',
  '\0\u2028\u2029\u202e',
  '\ud800',
];

/** Percent codes that are cut, wrong, no UTF-8, doubled, or a way up. */
const NO_CODES = ['%', '%f', '%ff', '%E0%A4%A', '%c0%af', '%00', '%2e%2e%2f', '%252e', '%u0041', '..;', '%zz'];

let scene: AttackScene;
beforeAll(async () => {
  scene = await openScene();
  scene.gateway.upstream.otherwise(plainAnswers);
});
afterAll(() => scene[Symbol.asyncDispose]());

/** The templates, and a sample of the naughty strings, other ones on each route; test/integration/input tries all of them on a few. */
function shareOf(name: string): string[] {
  const at = naughty.findIndex(([each]) => each === name);
  const dealt = strings.filter((text, index) => text !== '' && index % (2 * naughty.length) === at);
  return [...TEMPLATES, ...dealt];
}

/** As a text stands in JSON, or in JSON within JSON. */
function isIn(sent: string, text: string): boolean {
  const once = JSON.stringify(text).slice(1, -1);
  return sent.includes(once) || sent.includes(JSON.stringify(once).slice(1, -1));
}

describe.each(naughty)('%s', (name, target) => {
  const { body, query, path, parameters, spec } = target;
  const texts = placesIn(body).filter(({ value }) => typeof value === 'string');

  test('I5 naughty strings in every text of the body reach the upstream verbatim, or are refused', async () => {
    const { requests } = scene.gateway.upstream;
    const arrived = new Set<string>();
    for (const [turn, text] of shareOf(name).entries()) {
      // Every place in turn, and the first text each time: it is the one that passes.
      for (const place of new Set([texts[0], texts[turn % texts.length]])) {
        if (!place) continue;
        const asked = requests.length;
        const headers = { 'cache-control': 'no-cache' };
        const { status } = await scene.send(target, { body: place.put(text), headers });
        expect([place.field, text, status < 500]).toEqual([place.field, text, true]);
        if (spec.kind !== 'endpoint') continue;
        const sent = requests.slice(asked);
        expect([place.field, text, sent.length > 0]).toEqual([place.field, text, status === 200]);
        if (status !== 200) continue;
        expect([place.field, text, sent.some(({ rawBody }) => isIn(rawBody, text))]).toEqual([place.field, text, true]);
        arrived.add(place.field);
        const instructions = sent.map((request) => request.body.instructions ?? '');
        if (text.length >= 8 && !path.startsWith('/openai/'))
          expect(instructions.filter((said) => said.includes(text))).toEqual([]);
      }
    }
    if (spec.kind === 'endpoint' && target.name !== 'describe-image') expect(arrived.size).toBeGreaterThan(0);
  });

  test('I5 in the place of a parameter they are no 500, in percent codes that are none neither', () =>
    scene.untouched(async () => {
      if (parameters.length === 0) return;
      const encoded = shareOf(name).map((text) => encodeURIComponent(text.toWellFormed()).slice(0, 2_000));
      for (const segment of [...encoded, ...NO_CODES].filter((each) => each !== '')) {
        // A body that is none keeps what is wanted of somebody else from being done.
        const { status } = await scene.send(target, {
          path: path.replace(/shop|summarize|[^/]+$/, () => segment),
          ...(body !== undefined && { body: '{' }),
        });
        expect([segment, status >= 400 && status < 500]).toEqual([segment, true]);
      }
    }));

  test('I5 in queries and headers they are no 500, and ask nothing', async () => {
    const asked = scene.gateway.upstream.requests.length;
    // What is asked here is asked in other places: of a function, a body that is none, or a parameter that it does not know.
    const none = body === undefined ? {} : { body: '{' };
    const unknown = spec.kind === 'route' ? { query: { ...query, nothing: '' } } : {};
    for (const text of shareOf(name)) {
      const sendable = text.toWellFormed();
      const short = sendable.slice(0, 1_000);
      for (const change of [
        { query: { ...query, [short]: short } },
        { path: `${path}?${encodeURIComponent(short)}` },
      ]) {
        expect((await scene.send(target, { ...change, ...none })).status).toBeLessThan(500);
      }
      const header = Buffer.from(short)
        .toString('latin1')
        .replaceAll(/[^ -~\x80-\xff]/g, '');
      const headers = { 'x-weir-timeout-ms': header, accept: header, 'idempotency-key': header, 'user-agent': header };
      expect((await scene.send(target, { headers, ...none, ...unknown })).status).toBeLessThan(500);
    }
    expect(scene.gateway.upstream.requests.length).toBe(asked);
  });
});

test('and nothing of all that is in the log, or was a fault', () => scene.expectQuiet());
