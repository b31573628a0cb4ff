import { afterAll, beforeAll, expect, test } from 'vitest';
import { heldIn, type PartState } from '#budgets/part.ts';
import { formatUsd } from '#platform/money.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { sharedDynamoDb } from '#test/support/shared-dynamodb.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';
import type { CallRound } from './caller-process.ts';
import { startCallerProcesses, type CallerProcesses, type CallerReplies } from './caller-processes.ts';

const PROCESSES = 8;
const CALLERS = 100;
/** Of so many calls, all at once. */
const FITTING = 67n;
/** The haiku of a topic of 4 bytes: 60 bytes and overheads at the cache-write price, 100 tokens out. */
const BOUND_PICO = 60n * 125_000n + 100n * 500_000n;
/** Almost all of it: what is settled comes as near to the limit as it can. */
const USAGE = { inputTokens: 60, outputTokens: 100 };
const COST_PICO = 60n * 100_000n + 100n * 500_000n;

let upstream: ScriptedUpstream;
let weir: Weir;
let callers: CallerProcesses;

beforeAll(async () => {
  upstream = await startScriptedUpstream({ prices: tieredPrices });
  weir = await startWeir({ baseUrl: upstream.baseUrl });
  const { tables, endpoints, openaiSecretId } = weir.platform.config;
  const variables = {
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secretsmanager!,
    OPENAI_BASE_URL: upstream.baseUrl,
    WEIR_CACHE_TABLE: tables.cache,
    WEIR_LEDGER_TABLE: tables.ledger,
    WEIR_BUDGETS_TABLE: tables.budgets,
    WEIR_CALLERS_TABLE: tables.callers,
    WEIR_JOBS_TABLE: tables.jobs,
    WEIR_AUDIT_TABLE: tables.audit,
    WEIR_OPENAI_SECRET_ID: openaiSecretId,
  };
  const dynamoEndpoint = await sharedDynamoDb();
  callers = await startCallerProcesses(PROCESSES, { variables, dynamoEndpoint, nowMs: weir.clock.nowMs() });
}, 60_000);

afterAll(async () => {
  await callers[Symbol.asyncDispose]();
  await weir[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

async function shardsOf(budget: string): Promise<readonly PartState[]> {
  const state = await weir.budgetStores.book.read(budget);
  return (state?.shards ?? []).map(expectBalanced);
}

const sum = (shards: readonly PartState[], of: (shard: PartState) => bigint) =>
  shards.reduce((total, shard) => total + of(shard), 0n);

/** Looks at what is spent as replies come in, to the last of them. Gives the most that it has seen. */
async function mostSpent(budget: string, replies: CallerReplies): Promise<bigint> {
  let mostPico = 0n;
  while (replies.replied < replies.all) {
    await replies.next;
    const spentPico = sum(await shardsOf(budget), (shard) => shard.spentPico);
    if (spentPico > mostPico) mostPico = spentPico;
  }
  return mostPico;
}

/** Until each call is either with the upstream, behind the gate, or has been refused. */
async function untilAllAreHeldOrRefused(gate: Gate, replies: CallerReplies): Promise<void> {
  while (gate.arrivals + replies.replied < replies.all) {
    await Promise.race([gate.reached(gate.arrivals + 1), replies.next]);
  }
}

/** All processes call again and again, until none of them gets through any more. Gives how many calls did. */
async function callsUntilRefused(round: CallRound): Promise<bigint> {
  const counts = await callers.call(round).ended();
  expect([...counts.keys()].filter((name) => !['200', '402 budget_exceeded'].includes(name))).toEqual([]);
  const granted = BigInt(counts.get('200') ?? 0);
  return granted === 0n ? 0n : granted + (await callsUntilRefused(round));
}

/** How many calls fit one after the other, each holding its bound, each then costing what it costs. */
function callsIn(leftPico: bigint): bigint {
  return leftPico < BOUND_PICO ? 0n : 1n + callsIn(leftPico - COST_PICO);
}

test.each([1, 4])(
  'L1 eight processes with a hundred callers each, %i shards: used up to less than one call, and never beyond',
  async (shards) => {
    const [endpoint, budget] = [`hot-${shards}`, `endpoint:hot-${shards}#2026-11`];
    const limitPico = FITTING * BOUND_PICO + (BOUND_PICO - 1n);
    const terms = { monthlyUsd: formatUsd(limitPico), shards };
    const [asked, billedPico] = [upstream.requests.length, upstream.bill.totalPico];
    const gate = new Gate();
    upstream.otherwise(answer({ gate, usage: USAGE }));

    const replies = callers.call({ endpoint, budget: terms, calls: CALLERS });
    await untilAllAreHeldOrRefused(gate, replies);
    const held = await shardsOf(budget);
    expect(held).toHaveLength(shards);
    expect([sum(held, heldIn), sum(held, (shard) => shard.spentPico)]).toEqual([FITTING * BOUND_PICO, 0n]);
    expect(sum(held, (shard) => shard.availablePico)).toBeLessThan(BOUND_PICO);
    const most = mostSpent(budget, replies);
    gate.open();
    const refused = PROCESSES * CALLERS - Number(FITTING);
    expect(Object.fromEntries(await replies.ended())).toEqual({
      '200': Number(FITTING),
      '402 budget_exceeded': refused,
    });
    expect(await most).toBeLessThanOrEqual(limitPico);

    // What the calls did not use is enough for a few more, down to the last that fits.
    const granted = FITTING + (await callsUntilRefused({ endpoint, budget: terms, calls: 2 }));
    expect(granted).toBe(callsIn(limitPico));
    const settled = await shardsOf(budget);
    expect([sum(settled, (shard) => shard.spentPico), sum(settled, heldIn)]).toEqual([granted * COST_PICO, 0n]);
    expect(sum(settled, (shard) => shard.limitPico)).toBe(limitPico);
    const entries = (await weir.ledger()).filter((entry) => entry.endpoint === endpoint && entry.costPico > 0n);
    expect(entries.map(({ costPico }) => costPico)).toEqual(Array(Number(granted)).fill(COST_PICO));
    expect(BigInt(upstream.requests.length - asked)).toBe(granted);
    expect(upstream.bill.totalPico - billedPico).toBe(granted * COST_PICO);
  },
  60_000,
);

test('L1 the account’s budget under eight processes: never above, and used up when what was drawn has come back', async () => {
  const limitPico = 600n * BOUND_PICO + (BOUND_PICO - 1n);
  const scope = { params: { scope: 'account' }, roles: ['administrator'] as const };
  const set = await weir.put('finance/set-budget', { limitUsd: formatUsd(limitPico) }, scope);
  expect(set.status).toBe(200);
  const billedPico = upstream.bill.totalPico;
  const gate = new Gate();
  upstream.otherwise(answer({ gate, usage: USAGE }));

  const replies = callers.call({ endpoint: 'any', calls: CALLERS });
  await untilAllAreHeldOrRefused(gate, replies);
  const held = BigInt(gate.arrivals);
  // Some of it may lie in purses of processes whose callers are gone, but none was given twice.
  expect(held).toBeLessThanOrEqual(600n);
  const drawn = await shardsOf('account#2026-11');
  expect(drawn.some(({ holds }) => [...holds.keys()].some((id) => id.endsWith('.f')))).toBe(true);
  gate.open();
  const refused = PROCESSES * CALLERS - Number(held);
  expect(Object.fromEntries(await replies.ended())).toEqual({ '200': Number(held), '402 budget_exceeded': refused });
  expect((await weir.get('finance/read-budget', {}, scope)).body['spentUsd']).toBe(formatUsd(held * COST_PICO));

  await weir.clock.advance(3_600_000);
  expect(await weir.runSchedule('finance/sweep-budgets')).toMatchObject({ writtenOff: 0, voided: 0, failed: 0 });
  const granted = held + (await callsUntilRefused({ endpoint: 'any', calls: 4 }));
  expect(granted).toBe(callsIn(limitPico));
  const settled = await shardsOf('account#2026-11');
  expect([sum(settled, (shard) => shard.spentPico), sum(settled, heldIn)]).toEqual([granted * COST_PICO, 0n]);
  expect(sum(settled, (shard) => shard.limitPico)).toBe(limitPico);
  expect(upstream.bill.totalPico - billedPico).toBe(granted * COST_PICO);
}, 60_000);
