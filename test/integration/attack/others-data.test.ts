import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EndpointSpec } from '#edge/specs.ts';
import { plainAnswers } from '#test/support/plain-answers.ts';
import { openScene, type AttackScene } from './attack-scene.ts';
import { tried } from './rows.ts';
import { allTargets, type Target } from './targets.ts';

const targets = await allTargets();

let scene: AttackScene;
let grace: string;
let ada: string;
beforeAll(async () => {
  scene = await openScene();
  scene.gateway.upstream.otherwise(plainAnswers);
  grace = await scene.register({ id: 'grace', roles: ['caller'], endpoints: ['*'] });
  ada = await scene.register({ id: 'ada', roles: ['caller'], endpoints: ['*'] });
});
afterAll(() => scene[Symbol.asyncDispose]());

/** A call, as the receipt in its headers tells of it. */
async function call(target: Target, key: string, headers: Readonly<Record<string, string>> = {}) {
  const reply = await scene.send(target, { key, headers });
  expect([target.name, reply.status, reply.json['detail'] ?? reply.json['error'] ?? '']).toEqual([
    target.name,
    200,
    '',
  ]);
  return {
    callId: reply.headers['x-weir-call-id']!,
    cache: reply.headers['x-weir-cache'],
    isReplay: reply.headers['x-weir-replayed'] === 'true',
    text: `${reply.text} ${JSON.stringify(reply.headers)}`,
  };
}

describe.each(tried('A5', targets))('%s', (_name, target) => {
  test('A5 one caller’s idempotency key is another’s only by chance: it replays nothing', async () => {
    const headers = { 'idempotency-key': 'order-1', 'cache-control': 'no-store' };
    const hers = await call(target, grace, headers);
    expect(await call(target, grace, headers)).toMatchObject({ callId: hers.callId, isReplay: true });
    const own = await call(target, ada, headers);
    expect([own.isReplay, own.callId === hers.callId, own.text.includes(hers.callId)]).toEqual([false, false, false]);
  });

  test('A5 one caller’s kept answer is no other’s, unless the endpoint says so; and then nothing tells whose it was', async () => {
    const { deterministic, cachesOnRequest, answers } = target.spec as EndpointSpec;
    const headers = cachesOnRequest && answers === 'openai' ? { 'x-weir-cache': '60s' } : {};
    const keeps = deterministic !== undefined || answers === 'openai';
    const hers = await call(target, grace, headers);
    expect((await call(target, grace, headers)).cache === 'hit').toBe(keeps);
    const own = await call(target, ada, headers);
    expect(own.cache === 'hit').toBe(deterministic?.shared ?? false);
    expect(own.text).not.toContain(hers.callId);
    expect(own.text).not.toContain('grace');
  });
});

const withParameters = targets
  .filter(({ access, parameters }) => access.length > 0 && parameters.length > 0)
  .map((target): [string, Target] => [target.name, target]);

describe.each(withParameters)('%s', (_name, target) => {
  const { path } = target;
  const elsewhere = path.replace(/shop|summarize/, 'nobody-of-that-name');

  test('A5 to who may not be here, what is there and what is not are alike', async () => {
    const told = async (asked: string) => {
      const { status, json } = await scene.send(target, { key: ada, path: asked, query: {} });
      return { status, ...json, requestId: '' };
    };
    expect(await told(path)).toEqual(await told(elsewhere));
    expect((await told(path)).status).toBe(403);
  });

  test('A5 what is not there is a 404 to who may', () =>
    scene.untouched(async () => {
      expect((await scene.refused(target, { path: elsewhere })).status).toBe(404);
    }));
});

test('and nothing of all that is in the log, or was a fault', () => scene.expectQuiet());
