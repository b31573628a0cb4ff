import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { plainAnswers } from '#test/support/plain-answers.ts';
import type { Step } from '#test/support/scripted-exchange.ts';
import { failure, invalidApiKey } from '#test/support/scripted-failures.ts';
import { htmlWith200, reset } from '#test/support/scripted-steps.ts';
import { openScene, type AttackScene } from './attack-scene.ts';
import { FAULTS } from './faults.ts';
import { tried } from './rows.ts';
import { allTargets } from './targets.ts';

const targets = await allTargets();

let scene: AttackScene;
beforeAll(async () => {
  scene = await openScene();
});
afterEach(() => scene.gateway.upstream.otherwise(plainAnswers));
afterAll(() => scene[Symbol.asyncDispose]());

/** All that an upstream might say and no caller may hear. */
const bait =
  'The role arn:aws:iam::123456789012:role/bait of org-bait, project proj_bait, failed\n' +
  '    at Object.bait (/srv/app/bait.js:1:2)';
const headers = { 'openai-organization': 'org-bait', 'openai-project': 'proj_bait' };
const UPSTREAM: Readonly<Record<string, Step>> = {
  'its key was refused, and quoted': invalidApiKey({ headers }),
  'it failed, with a stack': failure({ status: 500, message: bait, code: bait, type: bait, headers }),
  'it does not take the request': failure({ status: 400, message: bait, code: bait, type: bait, headers }),
  'it sent a page': htmlWith200(),
  'the line was cut': reset(),
};

describe.each(tried('A6', targets))('%s', (_name, target) => {
  const faults = Object.entries(FAULTS).filter(([, [, fits]]) => fits(target));

  // `scene.send` looks through every reply.
  test.each(faults)('A6 %s: the refusal gives nothing away', (_what, [change]) =>
    scene.untouched(async () => {
      const { status } = await scene.send(target, change);
      expect([status, status >= 400 && status < 500]).toEqual([status, true]);
    }),
  );
});

const paid = targets.filter(({ spec }) => spec.kind === 'endpoint').map((target) => [target.name, target] as const);

describe.each(paid)('%s', (_name, target) => {
  test.each(Object.entries(UPSTREAM))('A6 of the upstream, %s: the caller hears none of it', async (_what, step) => {
    scene.gateway.upstream.otherwise(step);
    // A repeat asks anew.
    const reply = await scene.send(target, { headers: { 'cache-control': 'no-cache' } });
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(reply.text).not.toContain('bait');
  });
});
