import { expect, test } from 'vitest';
import { createLedgerStore } from '#ledger/ledger-store.ts';
import { formatUsd } from '#platform/money.ts';
import { expectCountersToFollow } from '#test/support/killed/accounts.ts';
import type { LimitTask } from '#test/support/killed/errand.ts';
import { expectOneSweepToDo } from '#test/support/killed/kill-everywhere.ts';
import { pointName, pointOf, writingPointsOf, type KillPoint } from '#test/support/killed/kill-points.ts';
import { DEAR, openScene } from '#test/support/killed/open-scene.ts';
import type { Scene } from '#test/support/killed/scene.ts';
import { sideBySide } from '#test/support/killed/side-by-side.ts';
import { linesOf } from '#test/support/killed/table-dump.ts';
import { answer, resetAfterBilling } from '#test/support/scripted-steps.ts';
import { BOUND_PICO, callEarlier, haikuCall } from './haiku-task.ts';

const LONG = { timeout: 300_000 };
/** No shard has enough for a call: a hold takes two of them. */
const terms = { budget: { monthlyUsd: formatUsd((29n * BOUND_PICO) / 10n), shards: 3 } };
const SWEEP = { kind: 'sweep' } as const;
/** The second attempt has landed, and its answer has not come. */
const SENT: KillPoint = { when: 'after', request: 'POST /v1/responses gpt-6-luna (2)', beside: [] };

test(
  'L5 a sweeper is killed around each request by which it changes anything: the next one brings about the same',
  LONG,
  async () => {
    await using scene = await openScene({ terms, script: [resetAfterBilling(DEAR), answer(DEAR)] });
    await leaveWork(scene);
    const left = await scene.dump();

    const rehearsed = await scene.twin(left);
    const { steps } = await rehearsed.rehearse(SWEEP);
    const points = writingPointsOf(steps);
    const report = await expectOneSweepToDo(scene);
    const deeds = ['settled', 'writtenOff', 'voided', 'pursesClosed', 'adjusted', 'changed', 'notices'] as const;
    for (const deed of deeds) expect([deed, report[deed]]).not.toEqual([deed, 0]);
    expectCountersToFollow({ rows: await scene.weir.ledgerRows(), dump: await scene.dump() });
    const end = await endOf(scene);
    expect(await endOf(rehearsed)).toEqual(end);

    let missed = 0;
    await sideBySide(points, async (point) => {
      const twin = await scene.twin(left);
      const afterwards = async (landLate: () => Promise<void>) => {
        await twin.sweep();
        expect(await endOf(twin), pointName(point)).toEqual(end);
        if (point.when !== 'before') return;
        // What the dead sweeper had sent was under way all the time.
        await landLate();
        expect(await endOf(twin), `${pointName(point)}, landed late`).toEqual(end);
      };
      if (await twin.killOrLetEnd(point, SWEEP, { afterwards })) missed += 1;
    });
    // Budgets are swept side by side: who comes first to a call's entry is not the same each time.
    expect(missed).toBeLessThan(points.length / 10);

    const twin = await scene.twin(left);
    await Promise.all([twin.sweep(), twin.sweep(), twin.sweep()]);
    expect(await endOf(twin), 'three at once').toEqual(end);
  },
);

/** Leaves something of everything that a sweeper may find. */
async function leaveWork(scene: Scene): Promise<void> {
  await scene.limit('account', { day: '100' });
  for (const number of [4, 6]) await scene.limit(`caller:ada-${number}`, { month: '1' });
  for (const number of [1, 3, 4, 6]) await callEarlier(scene, terms, number);
  // Lost, written off, and known after all: one late fact has been applied more than an hour ago, another waits.
  await loseCall(scene, 1);
  await tellLate(scene, 1);
  await scene.sweep();
  await scene.passTime();
  await scene.passTime();
  await loseCall(scene, 1);
  await tellLate(scene, 1);

  const { steps: call } = await scene.rehearse(haikuCall(terms, 6));
  const { steps: change } = await scene.rehearse(changeLimit(1));
  // Held for its caller and nowhere else; with its entry, and not settled; sent, and not heard of; a change that is not done.
  const held = 'UpdateItem budgets caller:ada#2026-11#0 SET available = available - :max';
  await scene.killAt(pointOf(call, 'after', held), haikuCall(terms, 4));
  await scene.killAt(pointOf(call, 'after', 'PutItem ledger haiku'), haikuCall(terms, 4));
  scene.play(3);
  await scene.killAt(SENT, haikuCall(terms, 3));
  await scene.killAt(
    pointOf(change, 'after', 'UpdateItem budgets endpoint:haiku#2026-11#0 SET revision'),
    changeLimit(6),
  );
  // Opened in name only, in a month that is over.
  await scene.weir.budgetStores.directory.add('open', 'caller:gone#2026-09');
  await scene.passTime();
}

/** A process dies after it has sent two attempts, and a sweeper writes the call off. */
async function loseCall(scene: Scene, number: number): Promise<void> {
  scene.play(number);
  await scene.killAt(SENT, haikuCall(terms, number));
  await scene.passTime();
  await scene.sweep();
}

function changeLimit(number: number): LimitTask {
  const body = { window: 'month', limitUsd: formatUsd(3n * BOUND_PICO), shards: 2 };
  return { kind: 'limit', scope: `endpoint:haiku-${number}`, body };
}

/** What a process does that comes back after its call was written off: it knows that the call has cost a quarter of that. */
async function tellLate(scene: Scene, number: number): Promise<void> {
  const lost = (await scene.weir.ledger()).filter(
    ({ endpoint, outcome }) => endpoint === `haiku-${number}` && outcome === 'lost',
  );
  const { callId, endpoint, costPico, unknownPico } = lost.at(-1)!;
  const { dynamo, config, log } = scene.weir.platform;
  await scene.weir.budgetStores.directory.add('late', `${endpoint}#${callId}`);
  const ledger = createLedgerStore({ dynamo, table: config.tables.ledger, log });
  await ledger.adjust({
    callId,
    endpoint,
    deltaPico: (-3n * costPico) / 4n,
    unknownDeltaPico: -unknownPico,
    basis: 'exact',
  });
}

/**
 * How a sweep leaves budgets and ledger: without what names the sweep itself, and without the number of changes, of which
 * one more is made when one has died.
 */
async function endOf(scene: Scene): Promise<string[]> {
  const { budgets, ledger } = await scene.dump();
  return linesOf({ budgets, ledger }).map((line) =>
    line
      .replaceAll(/"requestId":\{"S":"[^"]+"\}/g, '"requestId":…')
      .replaceAll(/"(revision|frozen|changed)":\{"N":"\d+"\}/g, '"$1":…'),
  );
}
