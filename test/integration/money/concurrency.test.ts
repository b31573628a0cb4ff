import { expect, test } from 'vitest';
import { createBudgets } from '#budgets/budgets.ts';
import { heldIn } from '#budgets/part.ts';
import { chargesFor } from '#budgets/settlement.ts';
import { mintCallId } from '#platform/call-id.ts';
import { formatUsd } from '#platform/money.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import { haiku, serving } from '#test/support/haiku.ts';
import { patientDynamoDb } from '#test/support/patient-dynamodb.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { sharedDynamoDb } from '#test/support/shared-dynamodb.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

test('L1 of 300 concurrent reservations of 7 on a limit of 1,000 exactly 142 pass', async () => {
  await using upstream = await startScriptedUpstream();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const { config, clock, random } = weir.platform;
  const dynamo = patientDynamoDb(await sharedDynamoDb());
  const budgets = createBudgets({ dynamo, table: config.tables.budgets, clock, random });
  const atMs = clock.nowMs();
  const signal = new AbortController().signal;
  const reserveSeven = () => {
    const callId = mintCallId(atMs);
    const facts = { callId, killAtMs: atMs + 30_000, endpoint: 'hot', caller: 'ada', model: 'gpt-6-luna' };
    const spec = { limitsPico: { month: 1_000n }, shards: 1 };
    return budgets.reserve({ spec, amountPico: 7n, atMs, facts, signal, mayGoOn: () => true });
  };

  const outcomes = await Promise.all(Array.from({ length: 300 }, reserveSeven));
  const granted = outcomes.flatMap((outcome) => (outcome.granted ? [outcome.reservation] : []));
  expect(granted).toHaveLength(142);
  expect(expectBalanced(await weir.budget('hot'))).toMatchObject({ availablePico: 6n, spentPico: 0n });

  await Promise.all(granted.map((each) => budgets.settle(each, chargesFor(each.places, 7n))));
  const settled = expectBalanced(await weir.budget('hot'));
  expect(settled).toMatchObject({ availablePico: 6n, spentPico: 994n });
  expect([...settled.holds]).toEqual([]);
});

test('L1 of 300 concurrent calls exactly those pass whose bounds fit the budget, and what is settled stays within it', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  upstream.otherwise(answer({ gate, text: 'Rain on still water.' }));

  // What one call is bound by stands in its hold while the upstream thinks.
  const probing = serving(weir, { probe: haiku() }).post('probe', { topic: 'rain' });
  await gate.reached();
  const boundPico = heldIn(expectBalanced(await weir.budget('probe')));
  const limitPico = 37n * boundPico + (boundPico - 1n);

  const platform = { ...weir.platform, dynamo: patientDynamoDb(await sharedDynamoDb()) };
  const environment = serving(weir, { hot: haiku({ budget: { monthlyUsd: formatUsd(limitPico) } }) }, platform);
  const calls = Array.from({ length: 300 }, () => environment.post('hot', { topic: 'rain' }));
  await gate.reached(1 + 37);
  const allRefused = Promise.withResolvers<void>();
  let refused = 0;
  const replying = calls.map(async (call) => {
    const reply = await call;
    if (reply.status === 402) refused += 1;
    if (refused === 300 - 37) allRefused.resolve();
    return reply;
  });
  await allRefused.promise;
  expect(expectBalanced(await weir.budget('hot'))).toMatchObject({ availablePico: boundPico - 1n, spentPico: 0n });

  gate.open();
  const replies = await Promise.all(replying);
  expect(replies.filter(({ status }) => status === 200)).toHaveLength(37);
  expect((await probing).status).toBe(200);
  expect(upstream.requests).toHaveLength(1 + 37);
  const settled = expectBalanced(await weir.budget('hot'));
  expect([...settled.holds]).toEqual([]);
  expect(settled.spentPico * 38n).toBe(upstream.bill.totalPico * 37n);
  expect(settled.spentPico).toBeLessThanOrEqual(settled.limitPico);
});
