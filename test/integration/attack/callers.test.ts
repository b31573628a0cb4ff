import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashCallerKey } from '#edge/caller-key.ts';
import { mintCallerKey } from '#edge/callers/key-form.ts';
import type { Role } from '#platform/principal.ts';
import { openScene, type AttackScene } from './attack-scene.ts';
import { tried } from './rows.ts';
import { allTargets, type Target } from './targets.ts';

const targets = await allTargets();

let scene: AttackScene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene[Symbol.asyncDispose]());

/** A header with nobody's key. */
type Garbage = (caller: string) => string | undefined;

const MISSING: readonly Garbage[] = [
  () => undefined,
  () => '',
  () => 'Bearer',
  () => 'Bearer ',
  (caller) => caller,
  (caller) => `Basic ${btoa(`caller:${caller}`)}`,
  (caller) => `Bearer ${caller} x`,
  (caller) => `Bearer ${caller.slice(0, -1)}`,
  (caller) => `Bearer ${hashCallerKey(caller)}`,
  () => `Bearer ${mintCallerKey()}`,
  () => `Bearer ${'a'.repeat(5_000)}`,
  () => 'Bearer null, undefined, [object Object]',
];
const INJECTIONS: readonly Garbage[] = [
  () => "Bearer x' OR 1=1--",
  () => `Bearer ' OR '1'='1`,
  () => 'Bearer {"$ne":null}',
  () => 'Bearer {"S":"*"}',
  () => 'Bearer *',
  () => 'Bearer caller:shop',
  () => 'Bearer %00',
  () => 'Bearer ../../keys.json',
  () => 'Bearer ${jndi:ldap://127.0.0.1/a}',
  () => 'Bearer __proto__',
  () => 'Bearer constructor',
];

/** Every header on a route: a 401 of the gateway's own, or, where no key is asked for, what it would give anyway. */
async function expectKeptOut(target: Target, garbage: readonly Garbage[]): Promise<void> {
  for (const header of garbage) {
    const authorization = header(scene.keys.caller);
    const change = { key: null, headers: { ...(authorization !== undefined && { authorization }) } };
    if (target.kind === 'public') {
      expect((await scene.send(target, change)).status).toBe((await scene.send(target)).status);
      continue;
    }
    const { status, code } = await scene.refused(target, change, 'gateway');
    expect([authorization, status, code]).toEqual([authorization, 401, 'unauthenticated']);
  }
}

describe.each(tried('A1', targets))('%s', (_name, target) => {
  test('A1 without a key, or with garbage for one, is closed', () =>
    scene.untouched(() => expectKeptOut(target, MISSING)));
});

describe.each(tried('A2', targets))('%s', (_name, target) => {
  test('A2 no injection is a key', () => scene.untouched(() => expectKeptOut(target, INJECTIONS)));
});

/** Good keys that do not open a route: of every role that it does not name, and of callers who may use another endpoint only. */
async function wrongKeys({ name, kind, access }: Target): Promise<Record<string, string>> {
  const roles = (Object.keys(scene.keys) as Role[]).filter((role) => !access.includes(role));
  const wrong: Record<string, string> = Object.fromEntries(roles.map((role) => [role, scene.keys[role]]));
  if (kind !== 'endpoint' && kind !== 'compatible') return wrong;
  const other = targets.find((each) => each.spec.kind === 'endpoint' && each.name !== name)!;
  const narrow = { id: 'narrow', roles: ['caller'], endpoints: [other.name] } as const;
  const nowhere = { id: 'nowhere', roles: ['caller'], endpoints: ['gone'] } as const;
  wrong['a caller of another endpoint'] = await scene.register(narrow);
  wrong['a caller of no endpoint'] = await scene.register(nowhere);
  return wrong;
}

/** A request on which the gateway decides about a key, and which goes no further than that: its body is none. */
async function haveDecided(key: string, apartFrom: Target): Promise<void> {
  for (const target of targets.filter(({ access, name }) => access.length > 0 && name !== apartFrom.name)) {
    if (target.spec.kind === 'endpoint') await scene.send(target, { key, body: '{' });
  }
}

describe.each(tried('A4', targets))('%s', (_name, target) => {
  test('A4 a key that opens another route does not open this one, be the decision new or cached from there', async () => {
    const keys = await wrongKeys(target);
    expect(Object.keys(keys).length).toBeGreaterThan(0);
    await scene.untouched(async () => {
      for (const [whose, key] of Object.entries(keys)) {
        const { status, code } = await scene.refused(target, { key }, 'gateway');
        expect([whose, status, code]).toEqual([whose, 403, 'forbidden']);
      }
    });
    const others = await wrongKeys(target);
    await scene.untouched(async () => {
      for (const [whose, key] of Object.entries(others)) {
        await haveDecided(key, target);
        const headers = { 'x-http-method-override': 'GET', 'x-original-url': '/health', 'x-rewrite-url': '/health' };
        const { status } = await scene.refused(target, { key, headers }, 'gateway');
        expect([whose, status]).toEqual([whose, 403]);
      }
    });
  });

  test('A4 by another method, or a path that only looks like its own, it is no route', () =>
    scene.untouched(async () => {
      const { path } = target;
      const [head, tail] = [path.slice(0, -1), path.slice(-1)] as const;
      const other = { ...target, query: {} };
      for (const spelled of [
        `${path}/`,
        `/${path}`,
        `${path}//`,
        `${path}/.`,
        `/x/..${path}`,
        `${head}%${tail.charCodeAt(0).toString(16)}/`,
        `${path}/extra/segments/beyond/all`,
        path.replace('/v1', '/v1;a=b'),
        path.replace('/v1', '/v2'),
      ]) {
        const { status } = await scene.send(other, { path: spelled });
        // What fits a parameter is a value of it, and no good one.
        expect([spelled, status]).toEqual([spelled, expect.toBeOneOf([400, 403, 404])]);
      }
      const { status: inCapitals } = await scene.send(other, { path: path.toUpperCase() });
      expect(inCapitals).toBe(404);
      const taken = new Set(targets.filter((each) => each.path === path).map(({ method }) => method));
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'TRACE', 'PROPFIND']) {
        if (taken.has(method)) continue;
        const { status } = await scene.send(other, { method });
        expect([method, status]).toEqual([method, 404]);
      }
    }));
});

describe.each(tried('A3', targets))('%s', (_name, target) => {
  test('A3 when its request is done, good or refused, no table holds a key in clear', async () => {
    const fresh = await scene.register({ id: 'fresh', roles: target.access, endpoints: ['*'] });
    const { json } = await scene.send(target, { key: fresh });
    await scene.send(target, { key: `${fresh}x` });
    // Of a route that makes a key, the one that it shows this once.
    const shown = typeof json['key'] === 'string' ? [json['key']] : [];
    const stored = (await scene.tables()).join('\n');
    expect(stored).toContain(hashCallerKey(fresh));
    const held = [fresh, ...shown, ...Object.values(scene.secrets)].filter((key) => stored.includes(key.slice(6, 18)));
    expect(held).toEqual([]);
  });
});
