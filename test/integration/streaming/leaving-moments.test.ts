import { expect, test, vi } from 'vitest';
import { heldIn } from '#budgets/part.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import { holdAnswer, holdRequest } from '#test/support/fault-proxy.ts';
import { patientEnvironment } from '#test/support/patient-environment.ts';
import { rateLimited } from '#test/support/scripted-failures.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { choose } from '#test/support/scripted-steps.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { seededRandom } from '#test/support/seeded-random.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';
import { hear, SUMMARIZE, WAYS, type Way } from './ways.ts';

const RESERVE = { operation: 'UpdateItem', bodyIncludes: 'available - :max' };
const LEDGER = { operation: 'PutItem', bodyIncludes: '-ledger"' };
const SETTLE = { operation: 'UpdateItem', bodyIncludes: ':heldMinusActual' };

/** A call whose caller can leave before there is a head. `over` settles when nothing of it runs any more. */
function leaver(weir: Weir, way: Way) {
  const leaving = new AbortController();
  const opened = weir.stream(way.entry, { ...way.body, stream: true }, { signal: leaving.signal });
  const over = opened.then(
    (reply) => reply.settled,
    () => undefined,
  );
  return { opened, over, leave: () => leaving.abort() };
}

async function expectNothingLeft(weir: Weir, { entry }: Way): Promise<void> {
  const state = await weir.budget(entry);
  const spentPico = (await weir.ledger()).reduce((sum, { costPico }) => sum + costPico, 0n);
  if (state) expect([expectBalanced(state).spentPico, heldIn(state)]).toEqual([spentPico, 0n]);
  expect(weir.clock.pending).toBe(0);
}

for (const way of WAYS) {
  test(`S5 ${way.entry}: who leaves while the budget is asked reaches nobody, and pays nothing`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const gate = new Gate();
    weir.dynamoDb.rules.push({ ...RESERVE, fault: holdAnswer(gate) });
    const { over, leave } = leaver(weir, way);
    await gate.reached();
    leave();
    gate.open();
    await over;
    expect(upstream.requests).toHaveLength(0);
    for (const entry of await weir.ledger()) expect(entry.costPico).toBe(0n);
    // What is granted to one who has left is given back as soon as that is known, and nobody waits for it.
    await vi.waitFor(() => expectNothingLeft(weir, way), 5_000);
  });

  test(`S5, R7 ${way.entry}: who leaves before a second attempt ends the wait for it, and pays nothing`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    upstream.script(rateLimited({ retryAfterSeconds: 5 }));
    const { over, leave } = leaver(weir, way);
    await upstream.received();
    expect(await upstream.requests[0]!.ending).toBe('served');
    // Deadline, heartbeat, the wait, and where an answer may be kept the lead.
    await weir.clock.timersSet(way === SUMMARIZE ? 4 : 3);
    leave();
    await over;
    expect(upstream.requests).toHaveLength(1);
    expect(await weir.ledger()).toMatchObject([
      { outcome: 'caller_gone', costPico: 0n, basis: 'exact', attempts: [{ status: 429 }] },
    ]);
    await expectNothingLeft(weir, way);
  });

  test.each([
    ['the ledger is written', LEDGER],
    ['the counter is written', SETTLE],
  ])(`S5 ${way.entry}: who leaves while %s has had a whole answer`, async (_, which) => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const gate = new Gate();
    weir.dynamoDb.rules.push({ ...which, fault: holdRequest(gate) });
    const { opened, over } = leaver(weir, way);
    const reply = await opened;
    await reply.chunks.next();
    await gate.reached();
    reply.leave();
    let isOver = false;
    const settled = over.finally(() => (isOver = true));
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
    // A function that ends sooner may be frozen with its books open.
    expect(isOver).toBe(false);
    gate.open();
    expect(await settled).toBeUndefined();
    const entries = await weir.ledger();
    expect(entries).toMatchObject([{ outcome: 'completed', basis: 'exact', costPico: upstream.bill.totalPico }]);
    await expectNothingLeft(weir, way);
  });

  test(`S5 ${way.entry}: of 24 streams at once a half leaves, each at a moment of its own: the books agree`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const random = seededRandom(11);
    const environment = patientEnvironment(weir);
    const count = 24;
    upstream.otherwise(choose(() => stream({ chunks: Array.from({ length: 30 }, (_, at) => `piece ${at} `) })));
    const endings = await Promise.all(
      Array.from({ length: count }, async (_, at) => {
        const leavesAt = at % 2 === 0 ? Math.floor(random() * 25) : Infinity;
        const own = way === SUMMARIZE ? { text: `text ${at}` } : { ...way.body, user: `user-${at}` };
        const reply = await environment.stream(way.entry, { ...own, stream: true });
        let read = 0;
        let last = '';
        for await (const { data } of reply.events) {
          if (read++ >= leavesAt) break;
          last = data || last;
        }
        if (leavesAt < Infinity) reply.leave();
        expect(await reply.settled).toBeUndefined();
        return leavesAt === Infinity ? /\[DONE\]|"done"|callId|response\.completed/.test(last) : undefined;
      }),
    );
    expect(endings.filter((isWhole) => isWhole === true)).toHaveLength(count / 2);
    const entries = await weir.ledger();
    expect(entries).toHaveLength(count);
    for (const { outcome, basis, costPico } of entries) {
      expect(['completed exact', 'caller_gone estimated', 'caller_gone exact']).toContain(`${outcome} ${basis}`);
      expect(costPico).toBeGreaterThan(0n);
    }
    await expectNothingLeft(weir, way);
  });
}

test('S5, C6 who leaves while waiting for the answer of another pays nothing, and the other is not disturbed', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const thinking = new Gate();
  upstream.script(stream({ thinking, chunks: ['A weir holds.'] }));
  const first = leaver(weir, SUMMARIZE);
  await thinking.reached();
  const second = leaver(weir, SUMMARIZE);
  // Two deadlines, two heartbeats, a lead, and one line to the model.
  await weir.clock.timersSet(6);
  second.leave();
  await second.over;
  thinking.open();
  expect((await hear(await first.opened)).text).toBe('A weir holds.');
  await first.over;
  expect(upstream.requests).toHaveLength(1);
  expect((await weir.ledger()).map(({ outcome }) => outcome)).toEqual(['completed']);
  await expectNothingLeft(weir, SUMMARIZE);
});

test('S5 a caller who has left before the function was started reaches nobody', async () => {
  for (const way of WAYS) {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const signal = AbortSignal.abort();
    await expect(weir.stream(way.entry, { ...way.body, stream: true }, { signal })).rejects.toThrow();
    expect(upstream.requests).toHaveLength(0);
    await expectNothingLeft(weir, way);
  }
});
