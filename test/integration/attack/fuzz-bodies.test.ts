import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { plainAnswers } from '#test/support/plain-answers.ts';
import { badRequest } from '#test/support/scripted-failures.ts';
import type { Step } from '#test/support/scripted-exchange.ts';
import { openScene, type AttackScene } from './attack-scene.ts';
import { fuzz, oneOf } from './fuzz.ts';
import { spoil } from './spoils.ts';
import { mutations, strangeValue } from './strange.ts';
import { allTargets } from './targets.ts';

const targets = (await allTargets()).filter(({ body }) => body !== undefined);

let scene: AttackScene;
let tables: string[];
beforeAll(async () => {
  scene = await openScene();
  scene.gateway.upstream.otherwise(answersOrRefuses);
  tables = await scene.tables();
});
afterAll(() => scene[Symbol.asyncDispose]());

/** OpenAI as it is with strangers: what it cannot work on is a 400, and costs nothing. */
const answersOrRefuses: Step = async (exchange) => {
  const { dimensions = 16, n = 1 } = exchange.request.body;
  try {
    if (!isCount(dimensions, 3_072) || !isCount(n, 128)) throw new RangeError('more than OpenAI makes');
    await plainAnswers(exchange);
  } catch (error) {
    if (exchange.response.headersSent) throw error;
    await badRequest()(exchange);
  }
};

function isCount(value: unknown, most: number): boolean {
  return value === null || (Number.isInteger(value) && (value as number) > 0 && (value as number) <= most);
}

/** Often what is spoiled is good but for that: else something else might refuse it. */
const seldomChanged = fc.oneof(mutations(0, 0), mutations(1, 3));

fuzz('a body that one thing makes invalid is a 4xx, whatever else it says, and asks nothing', {
  share: 0.15,
  given: fc.record({ target: oneOf(targets), change: seldomChanged, spoil }),
  async holds({ target, change, spoil: spoiled }) {
    const body = spoiled(change(target.body), target);
    const asked = scene.gateway.upstream.requests.length;
    const { status } = await scene.refused(target, { body });
    expect([target.name, String(body), status, status < 500]).toEqual([target.name, String(body), status, true]);
    expect(scene.gateway.upstream.requests.length - asked).toBe(0);
  },
});

test('of which no table has changed', async () => {
  expect(await scene.tables()).toEqual(tables);
});

fuzz('a good body that was changed is good or a 4xx; what is refused was not asked', {
  share: 0.2,
  given: fc.record({
    target: oneOf(targets.filter(({ spec }) => spec.kind === 'endpoint')),
    change: mutations(1, 3),
    twice: fc.option(strangeValue),
    streams: fc.boolean(),
  }),
  async holds({ target, change, twice, streams }) {
    const { upstream } = scene.gateway;
    const asked = upstream.requests.length;
    const isStream = streams && target.spec.kind === 'endpoint' && target.spec.stream !== undefined;
    const text = JSON.stringify(change({ ...target.body, ...(isStream && { stream: true }) })) ?? '';
    // A name that stands there twice: the last one counts.
    const again = Object.keys(target.body!)[0]!;
    const body =
      twice !== null && text.startsWith('{"')
        ? `{${JSON.stringify(again)}:${JSON.stringify(twice)},${text.slice(1)}`
        : text;
    const { status, text: told } = await scene.send(target, { body });
    const requests = upstream.requests.slice(asked);
    const where = [target.name, body, status, told.slice(0, 500)];
    // Where the model's answer is held to a schema of the caller's own, a plain one may not do.
    const isPlain = status === 502 && target.name === 'extract' && requests.length > 0;
    const isFine = [200, 400, 413, 422].includes(status) || isPlain;
    expect([...where, isFine]).toEqual([...where, true]);
    const refusedThere = status >= 400 && requests.length > 0;
    if (refusedThere) expect([...where, await lastOutcome()]).toEqual([...where, 'settled']);
  },
});

/** Whether nothing is held any more for the calls that were made. */
async function lastOutcome(): Promise<string> {
  const held = (await scene.tables()).find((line) => /^budgets .*"holds":\{"M":\{"/.test(line));
  return held ?? 'settled';
}

test('and no key is in the log, nobody’s server was visited, and every request has its entry', async () => {
  const entries = await scene.gateway.ledger();
  const attempts = entries.reduce((sum, entry) => sum + entry.attempts.length, 0);
  expect(attempts).toBe(scene.gateway.upstream.requests.length);
  await scene.expectQuiet();
});
