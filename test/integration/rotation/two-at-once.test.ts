import { expect, test } from 'vitest';
import type { FaultRule } from '#test/support/fault-proxy.ts';
import { PROJECT, SECRET_ID, startRotatingWeir, type RotatingWeir } from '#test/support/rotating-weir.ts';
import { serverError } from '#test/support/scripted-failures.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer as answered } from '#test/support/scripted-steps.ts';

/** When the request that is held goes on: unseen by its server, or done there and unanswered. */
type Held = 'before it is done' | 'before its answer';

/**
 * Holds the request of a number, counted over all servers: Secrets Manager, DynamoDB and the Admin API. While two runs take turns,
 * the one that goes on is the only one that asks.
 */
class Turns {
  readonly #proxies: RotatingWeir['adminProxy'][];
  readonly #rule: FaultRule;
  readonly #gates = new Map<number, Gate>();
  readonly #held: Held;
  count = 0;

  constructor({ weir, adminProxy }: RotatingWeir, held: Held) {
    this.#held = held;
    this.#proxies = [weir.secrets, weir.dynamoDb, adminProxy];
    this.#rule = {
      fault: async (exchange) => {
        this.count += 1;
        const gate = this.#gates.get(this.count);
        if (this.#held === 'before it is done') await gate?.pass();
        const answer = await exchange.forward();
        if (this.#held === 'before its answer') await gate?.pass();
        exchange.reply(answer);
      },
    };
    for (const proxy of this.#proxies) proxy.rules.push(this.#rule);
  }

  /** Runs until its request of that number, counted from here, is held; or to its end. */
  async start(run: () => Promise<unknown>, requests: number) {
    const gate = new Gate();
    this.#gates.set(this.count + requests, gate);
    const outcome = run().then(
      () => 'done',
      () => 'failed',
    );
    const isHeld = (await Promise.race([gate.reached().then(() => 'held'), outcome])) === 'held';
    // Nobody else shall find the door that this run never came to.
    if (!isHeld) gate.open();
    return { isHeld, outcome, goOn: () => gate.open() };
  }

  [Symbol.dispose](): void {
    for (const proxy of this.#proxies) proxy.rules.splice(proxy.rules.indexOf(this.#rule), 1);
  }
}

/** What must be true when both have ended, whoever was first. */
async function expectOneKey(rotating: RotatingWeir, token: string, old: string, when: string): Promise<void> {
  const { weir, upstream, admin } = rotating;
  const pending = await weir.secretVersions.at(SECRET_ID, 'AWSPENDING');
  expect(pending?.versionId, when).toBe(token);
  const stored = admin.keys.find(({ id }) => pending?.value.includes(id));
  expect(upstream.validKeys.has(stored?.value ?? ''), `${when}: the stored key works`).toBe(true);
  expect(rotating.keyIds, `${when}: no orphan`).toEqual([old, stored?.id]);
}

test.each<Held>(['before it is done', 'before its answer'])(
  'K1 K5 two createSecret of one rotation at once, the first held at any request, %s, while the other runs: one key, which works',
  async (held) => {
    await using rotating = await startRotatingWeir();
    await rotating.rotate();
    let interleavings = 0;
    for (let first = 1, isHeld = true; isHeld; first++) {
      isHeld = false;
      for (let second = 1, bothHeld = true; bothHeld; second++) {
        const when = `held at ${first} and ${second}`;
        const old = (await rotating.current()).id!;
        const token = await rotating.weir.beginRotation();
        using turns = new Turns(rotating, held);
        const create = () => rotating.step('createSecret', token, rotating.weir.newEnvironment());
        const a = await turns.start(create, first);
        const b = await turns.start(create, second);
        a.goOn();
        const outcomeOfA = await a.outcome;
        b.goOn();
        expect([outcomeOfA, await b.outcome], when).toEqual(['done', 'done']);
        await expectOneKey(rotating, token, old, when);
        isHeld ||= a.isHeld;
        bothHeld = a.isHeld && b.isHeld;
        interleavings += 1;
        await rotating.rotate(token);
        revoke(rotating, old);
      }
    }
    expect(interleavings).toBeGreaterThan(30);
  },
  120_000,
);

test('K4 a trial that fails when another run has promoted the key: the key in use is not revoked', async () => {
  await using rotating = await startRotatingWeir();
  await rotating.rotate();
  const token = await rotating.weir.beginRotation();
  await rotating.step('createSecret', token);
  const gate = new Gate();
  rotating.upstream.script(
    async (exchange) => {
      await gate.pass();
      await serverError()(exchange);
    },
    answered(),
    ...Array.from({ length: 4 }, () => serverError()),
  );
  const slow = rotating.step('testSecret', token);
  await gate.reached();
  await rotating.step('testSecret', token, rotating.weir.newEnvironment());
  await rotating.step('finishSecret', token, rotating.weir.newEnvironment());
  gate.open();
  await slow.catch(() => undefined);
  const { id, value } = await rotating.current();
  expect(rotating.keyIds).toContain(id);
  expect(rotating.upstream.validKeys.has(value)).toBe(true);
});

test('K1 four runs of all steps at once: whoever fails may be repeated, and one key is in use', async () => {
  await using rotating = await startRotatingWeir();
  await rotating.rotate();
  const old = (await rotating.current()).id;
  const token = await rotating.weir.beginRotation();
  const runs = Array.from({ length: 4 }, () => rotating.rotate(token, rotating.weir.newEnvironment()));
  await Promise.allSettled(runs);
  await rotating.rotate(token);
  const { id, value } = await rotating.current();
  expect(rotating.upstream.validKeys.has(value)).toBe(true);
  expect(rotating.keyIds).toEqual([old, id]);
});

function revoke({ admin }: RotatingWeir, id: string): void {
  admin.admin.handle({ method: 'DELETE', path: `/organization/projects/${PROJECT}/api_keys/${id}`, body: {} });
}
