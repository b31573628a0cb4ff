import { expect, test } from 'vitest';
import { ROTATION_STEPS, type RotationStep } from '#edge/define-rotation.ts';
import { dropAnswer, dropRequest, type FaultRule } from '#test/support/fault-proxy.ts';
import { PROJECT, startRotatingWeir, type RotatingWeir } from '#test/support/rotating-weir.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer, choose } from '#test/support/scripted-steps.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { testKey } from '#test/support/test-key.ts';
import type { WeirEnvironment } from '#test/support/weir-environment.ts';

const TEXT = 'A weir is a low wall across a river.';
const uncached = { headers: { 'cache-control': 'no-store' } };
const DAY_MS = 24 * 3_600_000;

/** Where each step dies, for as long as the rule stands. `setSecret` asks for nothing: its process dies after it. */
const CRASHES: Readonly<Record<RotationStep, FaultRule | undefined>> = {
  createSecret: { operation: 'PutSecretValue', fault: dropAnswer },
  setSecret: undefined,
  testSecret: { operation: 'DescribeSecret', fault: dropRequest },
  finishSecret: { operation: 'UpdateSecretVersionStage', fault: dropAnswer },
};

/** A rotation whose process dies in the given steps; another takes each of them up again. */
async function rotateWithCrashes(rotating: RotatingWeir, crashing: readonly RotationStep[]): Promise<void> {
  const { weir } = rotating;
  const token = await weir.beginRotation();
  for (const step of ROTATION_STEPS) {
    const rule = crashing.includes(step) ? CRASHES[step] : undefined;
    if (rule) {
      weir.secrets.rules.push(rule);
      await expect(rotating.step(step, token, weir.newEnvironment())).rejects.toThrow('failed');
      weir.secrets.rules.splice(weir.secrets.rules.indexOf(rule), 1);
    } else if (crashing.includes(step)) await rotating.step(step, token, weir.newEnvironment());
    await rotating.step(step, token, weir.newEnvironment());
  }
}

/** The harshest revocation: at once, as one would do with a key that leaked. */
function revokeNow({ admin, upstream }: RotatingWeir, key: { readonly id?: string; readonly value: string }): void {
  const path = `/organization/projects/${PROJECT}/api_keys/${key.id ?? ''}`;
  if (key.id !== undefined) admin.admin.handle({ method: 'DELETE', path, body: {} });
  upstream.validKeys.delete(key.value);
}

class Load {
  readonly failures: unknown[] = [];
  calls = 0;
  #isOver = false;
  readonly #workers: Promise<void>[];

  constructor(environments: readonly WeirEnvironment[]) {
    this.#workers = environments.flatMap((each) => [this.#plain(each), this.#plain(each), this.#streamed(each)]);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#workers);
  }

  async #plain(environment: WeirEnvironment): Promise<void> {
    while (!this.#isOver) {
      const reply = await environment.post('summarize', { text: TEXT }, uncached);
      this.#count(reply.status === 200 ? undefined : reply);
    }
  }

  async #streamed(environment: WeirEnvironment): Promise<void> {
    while (!this.#isOver) {
      const reply = await environment.stream('summarize', { text: TEXT, stream: true }, uncached);
      const text = await reply.text();
      await reply.settled;
      this.#count(reply.status === 200 && !/^event: error/m.test(text) ? undefined : text);
    }
  }

  #count(failure: unknown): void {
    this.calls += 1;
    if (failure !== undefined) this.failures.push(failure);
  }
}

/** What functions read of the secret to call OpenAI; rotation itself asks for a stage. */
function readsOf({ weir }: RotatingWeir): number {
  return weir.secrets.requests.filter(
    ({ operation, body }) => operation === 'GetSecretValue' && !body.includes('VersionStage'),
  ).length;
}

test('K2 K3 K5 K7 three rotations under load, a crash in each step: no failed call, no orphan, one read a function and rotation', async () => {
  await using rotating = await startRotatingWeir();
  const { weir, upstream } = rotating;
  const environments = [weir, weir.newEnvironment()];
  const load = new Load(environments);
  const rotations: (readonly RotationStep[])[] = [['createSecret'], ['setSecret', 'testSecret'], ['finishSecret']];
  const used = new Set<string>();
  for (const crashing of rotations) {
    await upstream.received(upstream.requests.length + 30);
    const old = await rotating.current();
    await rotateWithCrashes(rotating, crashing);
    revokeNow(rotating, old);
    used.add((await rotating.current()).value);
  }
  await upstream.received(upstream.requests.length + 60);
  await load.end();

  expect(load.failures).toEqual([]);
  expect(load.calls).toBeGreaterThan(100);
  const keys = new Set(upstream.requests.map(({ key }) => key));
  expect(keys).toEqual(new Set([testKey('first'), ...used]));
  expect(readsOf(rotating)).toBeLessThanOrEqual(environments.length * (1 + rotations.length));
  await weir.clock.advance(DAY_MS);
  await rotating.tend();
  expect(rotating.keyIds).toEqual([(await rotating.current()).id]);
}, 60_000);

test('K7 a stream in flight finishes, though its key is revoked in the middle of it', async () => {
  await using rotating = await startRotatingWeir();
  const { weir, upstream } = rotating;
  await rotating.rotate();
  const old = await rotating.current();
  const middle = new Gate();
  async function* chunks() {
    yield 'Before, ';
    await middle.pass();
    yield 'and after.';
  }
  upstream.otherwise(choose(({ body }) => (body.stream === true ? stream({ chunks: chunks() }) : answer())));
  const reply = await weir.stream('summarize', { text: TEXT, stream: true }, uncached);
  await middle.reached();
  await rotating.rotate();
  revokeNow(rotating, old);
  const next = await weir.post('summarize', { text: TEXT }, uncached);
  middle.open();
  expect([reply.status, next.status]).toEqual([200, 200]);
  expect(await reply.text()).toContain('and after.');
  await reply.settled;
});

test('K9 Secrets Manager down right after a rotation: warm functions go on with the old key, within its grace', async () => {
  await using rotating = await startRotatingWeir();
  const { weir } = rotating;
  await rotating.rotate();
  expect((await weir.post('summarize', { text: TEXT }, uncached)).status).toBe(200);
  await rotating.rotate();
  const rule: FaultRule = { operation: 'GetSecretValue', fault: dropRequest };
  weir.secrets.rules.push(rule);
  // As long as a key ring serves what it cannot read again; the key's grace is longer.
  await weir.clock.advance(5 * 3_600_000);
  expect((await weir.post('summarize', { text: TEXT }, uncached)).status).toBe(200);
  weir.secrets.rules.length = 0;
  await rotating.tend();
  expect((await weir.post('summarize', { text: TEXT }, uncached)).status).toBe(200);
});
