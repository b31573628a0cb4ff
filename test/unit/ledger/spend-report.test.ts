import { expect, test } from 'vitest';
import type { LedgerEntry } from '#ledger/entry.ts';
import type { Adjustment, LedgerRow } from '#ledger/ledger-store.ts';
import { SPEND_DIMENSIONS, spendReport } from '#ledger/spend-report.ts';
import { formatUsd, parseUsd } from '#platform/money.ts';
import { noUsage } from '#protocol/usage.ts';
import { attemptOf, entryOf } from '#test/support/ledger-entries.ts';
import { seededRandom } from '#test/support/seeded-random.ts';

const DAY_MS = 86_400_000;
const NOON_MS = Date.UTC(2026, 10, 22, 12);

async function* rowsOf(...rows: readonly (LedgerEntry | Adjustment)[]): AsyncGenerator<LedgerRow> {
  for (const row of rows) {
    yield 'deltaPico' in row ? { kind: 'adjustment', adjustment: row } : { kind: 'entry', entry: row };
  }
}

test('L3 100,000 sub-cent costs add up exactly, where floats would not', async () => {
  async function* entries(): AsyncGenerator<LedgerRow> {
    for (let call = 0; call < 100_000; call++) {
      yield {
        kind: 'entry',
        entry: entryOf({ callId: '01m81j18g0h8330y27y35p2nmy', attempts: [attemptOf({ costPico: 1_234_567n })] }),
      };
    }
  }
  const report = await spendReport(entries(), ['endpoint']);
  expect(report.totalUsd).toBe('0.1234567');
  expect(report.rows).toMatchObject([{ calls: 100_000, inputTokens: 1_000_000, costUsd: '0.1234567' }]);
  let asFloats = 0;
  for (let call = 0; call < 100_000; call++) asFloats += 0.000001234567;
  expect(String(asFloats)).not.toBe(report.totalUsd);
});

test('a row counts calls, hits, tokens, cost, what is unknown and what was saved', async () => {
  const answered = attemptOf({ usage: { ...noUsage, inputTokens: 100, outputTokens: 7 }, costPico: 500n });
  const { usage: _, ...lost } = attemptOf({ costPico: 900n, basis: 'unknown', outcome: 'timeout' });
  const report = await spendReport(
    rowsOf(entryOf({ attempts: [lost, answered] }), entryOf({ attempts: [], cache: 'hit', savedPico: 500n })),
    ['endpoint'],
  );
  expect(report).toEqual({
    rows: [
      {
        endpoint: 'summarize',
        calls: 2,
        cacheHits: 1,
        inputTokens: 100,
        outputTokens: 7,
        costUsd: '0.0000000014',
        unknownUsd: '0.0000000009',
        savedUsd: '0.0000000005',
      },
    ],
    totalUsd: '0.0000000014',
    unknownUsd: '0.0000000009',
  });
});

test("L11 a fallback's cost stands under its own model, and the call under the one that answered", async () => {
  const { modelServed: _, ...lost } = attemptOf({ costPico: 900n, basis: 'unknown', outcome: 'timeout' });
  const fallback = attemptOf({ modelAsked: 'gpt-5.6-luna', modelServed: 'gpt-5.6-luna-2026-07-09', costPico: 50n });
  const report = await spendReport(rowsOf(entryOf({ model: 'gpt-5.6-luna-2026-07-09', attempts: [lost, fallback] })), [
    'model',
  ]);
  expect(report.rows).toMatchObject([
    { model: 'gpt-6-luna', calls: 0, costUsd: formatUsd(900n), unknownUsd: formatUsd(900n) },
    { model: 'gpt-5.6-luna-2026-07-09', calls: 1, costUsd: formatUsd(50n), unknownUsd: '0' },
  ]);
  expect(report.totalUsd).toBe(formatUsd(950n));
});

test('L11 an entry whose cost stands in no attempt, as a sweeper writes it, is part of the total', async () => {
  const swept = entryOf({ attempts: [], costPico: 700n, unknownPico: 700n, basis: 'unknown', model: 'gpt-6-luna' });
  const report = await spendReport(rowsOf(swept), ['model']);
  expect(report).toMatchObject({
    rows: [{ model: 'gpt-6-luna', calls: 1, costUsd: formatUsd(700n), unknownUsd: formatUsd(700n) }],
    totalUsd: formatUsd(700n),
    unknownUsd: formatUsd(700n),
  });
});

test('L11 an adjustment changes the cost of its call, and what of it is unknown', async () => {
  const swept = entryOf({ attempts: [attemptOf({ costPico: 900n, basis: 'unknown' })], basis: 'unknown' });
  const truth = {
    callId: swept.callId,
    endpoint: 'summarize',
    deltaPico: -850n,
    unknownDeltaPico: -900n,
    basis: 'exact',
  };
  const other = entryOf({ attempts: [attemptOf({ costPico: 5n })] });
  const report = await spendReport(rowsOf(swept, truth, other), ['endpoint', 'day']);
  expect(report).toMatchObject({
    rows: [{ endpoint: 'summarize', day: '2026-11-22', calls: 2, costUsd: formatUsd(55n), unknownUsd: '0' }],
    totalUsd: formatUsd(55n),
    unknownUsd: '0',
  });
});

test('L11 an adjustment without its entry is an error, and never money that is left out', async () => {
  const stray = { callId: 'nobody', endpoint: 'summarize', deltaPico: 5n, unknownDeltaPico: 0n, basis: 'exact' };
  await expect(spendReport(rowsOf(entryOf(), stray), ['endpoint'])).rejects.toThrow('adjustment without entry');
});

test('rows stand by cost, the largest first', async () => {
  const of = (caller: string, costPico: bigint) => entryOf({ caller, attempts: [attemptOf({ costPico })] });
  const report = await spendReport(rowsOf(of('a', 5n), of('b', 50n), of('c', 7n), of('b', 1n)), ['caller']);
  expect(report.rows.map(({ caller, costUsd }) => [caller, costUsd])).toEqual([
    ['b', formatUsd(51n)],
    ['c', formatUsd(7n)],
    ['a', formatUsd(5n)],
  ]);
});

test('groups are told apart whatever their names hold', async () => {
  const of = (endpoint: string, caller: string) => entryOf({ endpoint, caller });
  const report = await spendReport(rowsOf(of('a', 'b","x'), of('a","caller":"b', 'x'), of('__proto__', 'x')), [
    'endpoint',
    'caller',
  ]);
  expect(report.rows).toHaveLength(3);
  expect(report.rows.every(({ calls }) => calls === 1)).toBe(true);
});

test('nothing spent is a report of zero', async () => {
  expect(await spendReport(rowsOf(), ['endpoint'])).toEqual({ rows: [], totalUsd: '0', unknownUsd: '0' });
});

/** Every subset of the dimensions, by the bits of a number. */
const combinations = Array.from({ length: 2 ** SPEND_DIMENSIONS.length }, (_, bits) =>
  SPEND_DIMENSIONS.filter((_dimension, at) => (bits & (1 << at)) !== 0),
);

test.each(combinations.map((by) => [by.join(',') || 'nothing', by] as const))(
  'L11 by %s the rows add up to the ledger, in every column',
  async (_, by) => {
    const random = seededRandom(20_261_122);
    const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)] as Item;
    const entries = Array.from({ length: 300 }, () =>
      entryOf({
        atMs: NOON_MS + Math.floor(random() * 40) * DAY_MS,
        endpoint: pick(['summarize', 'classify', 'embed']),
        caller: pick(['ada', 'bob', 'cy']),
        cache: pick(['hit', 'miss']),
        savedPico: BigInt(Math.floor(random() * 1e12)),
        attempts: Array.from({ length: Math.floor(random() * 3) }, () =>
          attemptOf({
            modelServed: pick(['gpt-6-luna', 'gpt-5.6-luna']),
            costPico: BigInt(Math.floor(random() * 1e12)),
            basis: pick(['exact', 'estimated', 'unknown']),
          }),
        ),
      }),
    );
    const { rows, totalUsd, unknownUsd } = await spendReport(rowsOf(...entries), by);
    const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n);
    const total = sum(entries.map(({ costPico }) => costPico));
    expect(parseUsd(totalUsd)).toBe(total);
    expect(sum(rows.map(({ costUsd }) => parseUsd(costUsd)))).toBe(total);
    expect(parseUsd(unknownUsd)).toBe(sum(entries.map(({ unknownPico }) => unknownPico)));
    expect(sum(rows.map((row) => parseUsd(row.unknownUsd)))).toBe(parseUsd(unknownUsd));
    expect(sum(rows.map(({ savedUsd }) => parseUsd(savedUsd)))).toBe(sum(entries.map(({ savedPico }) => savedPico)));
    expect(rows.reduce((count, { calls }) => count + calls, 0)).toBe(300);
    expect(rows.reduce((count, { cacheHits }) => count + cacheHits, 0)).toBe(
      entries.filter(({ cache }) => cache === 'hit').length,
    );
    const attempts = entries.reduce((count, entry) => count + entry.attempts.length, 0);
    expect(rows.reduce((count, { inputTokens }) => count + inputTokens, 0)).toBe(10 * attempts);
    for (const row of rows) expect(Object.keys(row).slice(0, by.length)).toEqual(by);
  },
);

test('a report of a tag counts the calls that have it, adjustments and all, and no other', async () => {
  const tagged = entryOf({ tags: { eval: 'one' } });
  const other = entryOf({ tags: { eval: 'two' } });
  const untagged = entryOf();
  const late = ({ callId, endpoint }: LedgerEntry): Adjustment => ({
    callId,
    endpoint,
    deltaPico: 50n,
    unknownDeltaPico: 0n,
    basis: 'exact',
  });
  const rows = () => rowsOf(tagged, late(tagged), untagged, late(untagged), other);
  const totalOf = async (tag?: { name: string; value?: string }) => (await spendReport(rows(), [], tag)).totalUsd;
  expect(await totalOf()).toBe(formatUsd(3_100n));
  expect(await totalOf({ name: 'eval' })).toBe(formatUsd(2_050n));
  expect(await totalOf({ name: 'eval', value: 'one' })).toBe(formatUsd(1_050n));
  expect(await totalOf({ name: 'team' })).toBe('0');
});
