import { expect, test } from 'vitest';
import { ROTATION_STEPS } from '#edge/define-rotation.ts';
import { openRotationRooms } from '../../../functions/security/rotation/rotation-rooms.ts';
import { createSecret, finishSecret, testSecret } from '../../../functions/security/rotation/steps.ts';
import { tendKeys } from '../../../functions/security/rotation/tend-keys.ts';
import { awsError, dropAnswer, dropRequest } from '#test/support/fault-proxy.ts';
import { startRotatingWeir, SECRET_ID, type RotatingWeir } from '#test/support/rotating-weir.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { serverError } from '#test/support/scripted-failures.ts';
import { testKey } from '#test/support/test-key.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FAILED = { name: 'RotationFailed' };

test('a rotation puts a new key that works in force, and the calls that follow use it', async () => {
  await using rotating = await startRotatingWeir();
  const { weir, upstream } = rotating;
  const token = await rotating.rotate();
  expect((await weir.secretVersions.stages(SECRET_ID)).get(token)).toContain('AWSCURRENT');
  expect((await weir.post('summarize', { text: 'A weir.' })).status).toBe(200);
  expect(upstream.requests.at(-1)!.key).toBe((await rotating.current()).value);
  expect(rotating.keyIds).toEqual([(await rotating.current()).id]);
  // Nobody knows the id of a key that was put by hand.
  expect(weir.logged('the key before was put by hand: OpenAI’s dashboard has to revoke it')).toHaveLength(1);
});

test('no key is in any line that rotation writes', async () => {
  await using rotating = await startRotatingWeir();
  await rotating.rotate();
  await rotating.rotate();
  await rotating.weir.clock.advance(2 * DAY_MS);
  await rotating.tend();
  const written = rotating.weir.lines.join('\n') + rotating.weir.dynamoDb.requests.map(({ body }) => body).join('\n');
  const values = rotating.weir.secrets.requests.flatMap(({ body }) => /\\"value\\":\\"([^"\\]+)/.exec(body)?.[1] ?? []);
  expect(values).toHaveLength(2);
  for (const value of [...values, testKey('admin')]) expect(written).not.toContain(value.slice(-20));
});

test('K1 every step run twice: one new key, one version', async () => {
  await using rotating = await startRotatingWeir();
  const token = await rotating.weir.beginRotation();
  for (const step of ROTATION_STEPS) {
    await rotating.step(step, token);
    await rotating.step(step, token, rotating.weir.newEnvironment());
  }
  expect(rotating.keyIds).toEqual([(await rotating.current()).id]);
  expect([...(await rotating.weir.secretVersions.stages(SECRET_ID)).keys()]).toHaveLength(2);
  await rotating.rotate(token);
  expect(rotating.keyIds).toHaveLength(1);
});

test.each([
  ['is refused', (rotating: RotatingWeir, newKey: string) => void rotating.upstream.validKeys.delete(newKey)],
  ['meets a fault again and again', (rotating: RotatingWeir) => rotating.upstream.otherwise(serverError())],
])(
  'K4 a new key that %s: AWSCURRENT stays, the new key is revoked, and another rotation can begin',
  async (_how, spoil) => {
    await using rotating = await startRotatingWeir();
    const before = await rotating.rotate();
    const inUse = await rotating.current();
    const token = await rotating.weir.beginRotation();
    await rotating.step('createSecret', token);
    spoil(rotating, rotating.admin.keys.at(-1)!.value);
    await expect(rotating.step('testSecret', token)).rejects.toMatchObject(FAILED);
    expect(await rotating.current()).toEqual(inUse);
    expect(rotating.keyIds).toEqual([inUse.id]);
    // A step that Secrets Manager repeats, or takes next, changes nothing.
    for (const step of ['createSecret', 'testSecret', 'finishSecret'] as const) {
      await expect(rotating.step(step, token)).rejects.toMatchObject(FAILED);
    }
    expect((await rotating.weir.secretVersions.stages(SECRET_ID)).get(before)).toContain('AWSCURRENT');

    rotating.upstream.otherwise(answer());
    await rotating.rotate();
    expect((await rotating.current()).id).not.toBe(inUse.id);
  },
);

test('K4 a key that fails its test while the Admin API is down is revoked afterwards', async () => {
  await using rotating = await startRotatingWeir();
  const token = await rotating.weir.beginRotation();
  await rotating.step('createSecret', token);
  rotating.upstream.validKeys.delete(rotating.admin.keys[0]!.value);
  rotating.admin.faults.push({ on: /^DELETE/, fault: 500 });
  await expect(rotating.step('testSecret', token)).rejects.toMatchObject(FAILED);
  expect(rotating.keyIds).toHaveLength(1);
  await rotating.tend();
  expect(rotating.keyIds).toEqual([]);
});

test('a key that works only after a moment passes its test', async () => {
  await using rotating = await startRotatingWeir();
  const token = await rotating.weir.beginRotation();
  await rotating.step('createSecret', token);
  rotating.upstream.script(serverError(), serverError());
  await rotating.step('testSecret', token);
});

test.each([
  ['its request lost', dropRequest],
  ['its answer lost', dropAnswer],
])(
  'K5 a crash at any request, %s, then a re-run: complete, and no orphan',
  async (_how, fault) => {
    await using rotating = await startRotatingWeir();
    await rotating.rotate();
    let crashes = 0;
    for (let number = 1; ; number++) {
      const token = await rotating.weir.beginRotation();
      const revive = rotating.dieAt(number, fault);
      const ended = await rotating.rotate(token, rotating.weir.newEnvironment()).then(
        () => 'well',
        () => 'dead',
      );
      const cameSoFar = revive();
      await rotating.rotate(token, rotating.weir.newEnvironment());
      expect((await rotating.weir.secretVersions.stages(SECRET_ID)).get(token), `${number}`).toContain('AWSCURRENT');
      const { id } = await rotating.current();
      expect(rotating.keyIds, `${number}`).toContain(id);
      // The one before is in its grace; whatever else there is was lost, and goes when it cannot be under way any more.
      expect(rotating.keyIds.length, `${number}`).toBeLessThanOrEqual(2);
      await rotating.weir.clock.advance(DAY_MS);
      await rotating.tend();
      expect(rotating.keyIds, `${number}`).toEqual([id]);
      if (ended === 'dead') crashes += 1;
      if (!cameSoFar) break;
    }
    expect(crashes).toBeGreaterThan(15);
  },
  60_000,
);

test('K5 a rotation that nobody takes up again leaves no orphan: its key goes with its label', async () => {
  await using rotating = await startRotatingWeir();
  await rotating.rotate();
  const token = await rotating.weir.beginRotation();
  await rotating.step('createSecret', token);
  const pending = rotating.keyIds[1]!;
  await rotating.weir.clock.advance(DAY_MS);
  await rotating.tend();
  expect(rotating.keyIds).toContain(pending);
  await rotating.weir.secretVersions.moveStage(SECRET_ID, 'AWSPENDING', { from: token });
  await rotating.tend();
  expect(rotating.keyIds).toEqual([(await rotating.current()).id]);
});

test('K6 an AWSPENDING label without a value: createSecret succeeds', async () => {
  await using rotating = await startRotatingWeir();
  const token = await rotating.weir.beginRotation();
  expect((await rotating.weir.secretVersions.stages(SECRET_ID)).get(token)).toEqual(['AWSPENDING']);
  expect(await rotating.weir.secretVersions.at(SECRET_ID, 'AWSPENDING')).toBeUndefined();
  // Secrets Manager tries a function so, before any rotation.
  await rotating.step('testSecret', token);
  await expect(rotating.step('finishSecret', token)).rejects.toMatchObject(FAILED);
  await rotating.step('createSecret', token);
  expect(await rotating.weir.secretVersions.at(SECRET_ID, 'AWSPENDING')).toMatchObject({ versionId: token });
});

test('K7 the old key is revoked when its grace is over, and not before; once', async () => {
  await using rotating = await startRotatingWeir();
  await rotating.rotate();
  const old = (await rotating.current()).id!;
  await rotating.rotate();
  const { id } = await rotating.current();
  await rotating.weir.clock.advance(DAY_MS - 1);
  await rotating.tend();
  expect(rotating.keyIds).toEqual([old, id]);
  await rotating.weir.clock.advance(1);
  await Promise.all([rotating.tend(), rotating.tend()]);
  await rotating.tend();
  expect(rotating.keyIds).toEqual([id]);
});

test('K7 a key that is current again is not revoked, whatever the book says', async () => {
  await using rotating = await startRotatingWeir();
  const before = await rotating.rotate();
  const old = (await rotating.current()).id!;
  const token = await rotating.rotate();
  await rotating.weir.secretVersions.moveStage(SECRET_ID, 'AWSCURRENT', { from: token, to: before });
  await rotating.weir.clock.advance(2 * DAY_MS);
  await rotating.tend();
  expect(rotating.keyIds).toContain(old);
});

test('a key in use has its end put off, for months on end', async () => {
  await using rotating = await startRotatingWeir();
  await rotating.rotate();
  const { id } = await rotating.current();
  for (let month = 0; month < 8; month++) {
    await rotating.weir.clock.advance(30 * DAY_MS);
    await rotating.tend();
  }
  expect(rotating.keyIds).toEqual([id]);
});

test('keys that Weir did not mint are never touched', async () => {
  await using rotating = await startRotatingWeir();
  await rotating.rotate();
  const account = /service_accounts\/([^/]+)/.exec(
    rotating.admin.requests.find((line) => line.endsWith('/api_keys') && line.startsWith('POST'))!,
  )![1]!;
  const path = `/organization/projects/proj_summaries/service_accounts/${account}/api_keys`;
  for (const name of ['somebody’s', 'weir rotation weir/openai-eu x']) {
    rotating.admin.admin.handle({ method: 'POST', path, body: { name } });
  }
  await rotating.weir.clock.advance(2 * DAY_MS);
  await rotating.tend();
  expect(rotating.keyIds).toHaveLength(3);
});

test('the key in use of another account or region, whose secret has the same name, is never touched', async () => {
  await using here = await startRotatingWeir();
  await using there = await startRotatingWeir({ beside: here });
  await here.rotate();
  await there.rotate();
  const { id: ofHere } = await here.current();
  const { id: ofThere } = await there.current();
  for (const { weir } of [here, there]) await weir.clock.advance(2 * DAY_MS);
  await here.tend();
  await there.tend();
  expect(here.keyIds).toEqual([ofHere, ofThere]);
});

test('K7 of a secret that has gone over to another project, the key of the project before is revoked too', async () => {
  await using rotating = await startRotatingWeir();
  await rotating.rotate();
  const rooms = openRotationRooms(rotating.weir.platform);
  const token = await rotating.weir.beginRotation();
  const rotation = { secretId: SECRET_ID, token, project: 'proj_other' };
  for (const step of [createSecret, testSecret, finishSecret]) await step(rooms, rotation);
  expect(rotating.keyIds).toHaveLength(2);
  await rotating.weir.clock.advance(2 * DAY_MS);
  await tendKeys(rooms, SECRET_ID, 'proj_other');
  expect(rotating.keyIds).toEqual([(await rotating.current()).id]);
});

test('K9 Secrets Manager throttled in a step: it fails, and its repeat succeeds', async () => {
  await using rotating = await startRotatingWeir();
  const token = await rotating.weir.beginRotation();
  const rule = { operation: 'PutSecretValue', fault: awsError('ThrottlingException') };
  rotating.weir.secrets.rules.push(rule);
  await expect(rotating.step('createSecret', token)).rejects.toMatchObject(FAILED);
  rotating.weir.secrets.rules.length = 0;
  await rotating.rotate(token);
  expect(rotating.keyIds).toEqual([(await rotating.current()).id]);
});

test('a secret without an OpenAI project is told, and nothing is asked', async () => {
  await using rotating = await startRotatingWeir();
  const event = { Step: 'createSecret', SecretId: 'weir/other', ClientRequestToken: 'a'.repeat(36) };
  await expect(rotating.weir.invoke('security/rotate-key', event)).rejects.toMatchObject(FAILED);
  const [line] = rotating.weir.logged('a rotation failed');
  expect(line).toMatchObject({
    alarm: 'key-rotation',
    error: { message: 'no OpenAI project is set for the secret weir/other' },
  });
  expect(rotating.admin.requests).toEqual([]);
});

test('before the admin key is set, only what needs it fails, and says so', async () => {
  await using rotating = await startRotatingWeir({ hasAdminKey: false });
  const token = await rotating.weir.beginRotation();
  // What Secrets Manager does when a deployment binds the function to the secret.
  await rotating.step('testSecret', token);
  await expect(rotating.step('createSecret', token)).rejects.toMatchObject(FAILED);
  await expect(rotating.tend()).rejects.toMatchObject(FAILED);
  const [line] = rotating.weir.logged('a rotation failed');
  expect(line).toMatchObject({ error: { message: 'the secret weir/openai-admin holds no admin key' } });
  expect((await rotating.current()).value).toBe(testKey('first'));
});
