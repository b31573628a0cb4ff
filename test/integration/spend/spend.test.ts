import { expect, test } from 'vitest';
import type { LedgerEntry } from '#ledger/entry.ts';
import { createLedgerStore } from '#ledger/ledger-store.ts';
import { formatUsd, parseUsd } from '#platform/money.ts';
import type { Role } from '#platform/principal.ts';
import { attemptOf, entryOf } from '#test/support/ledger-entries.ts';
import { FakeClock } from '#test/support/fake-clock.ts';
import { startWeir } from '#test/support/weir.ts';

/** No call of this file goes upstream. */
const baseUrl = 'http://127.0.0.1:9/v1';
const NOON_MS = Date.UTC(2026, 10, 22, 12);
const FINANCE = { roles: ['finance'] as readonly Role[] };

/** A Weir whose ledger holds these entries, and a way to ask for its spend. */
async function startWith(entries: readonly LedgerEntry[], options: { clock?: FakeClock; shards?: number } = {}) {
  const { clock = new FakeClock(NOON_MS), shards = 1 } = options;
  await using parts = new AsyncDisposableStack();
  const weir = parts.use(await startWeir({ baseUrl, clock }));
  const ledger = createLedgerStore({
    dynamo: weir.platform.dynamo,
    table: weir.platform.config.tables.ledger,
    log: weir.platform.log,
    shards,
  });
  for (const entry of entries) expect(await ledger.record(entry)).toEqual({});
  const owned = parts.move();
  return {
    weir,
    ledger,
    spend: (query: Readonly<Record<string, string>> = {}) => weir.get('finance/spend', query, FINANCE),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const costing = (costPico: bigint, facts: Parameters<typeof entryOf>[0] = {}) =>
  entryOf({ attempts: [attemptOf({ costPico })], ...facts });

test('L11 without a query it is this month so far, in UTC, by endpoint', async () => {
  const entries = [
    costing(1n, { atMs: Date.UTC(2026, 9, 31, 23, 59, 59, 999) }),
    costing(20n, { atMs: Date.UTC(2026, 10, 1) }),
    costing(300n, { atMs: Date.UTC(2026, 10, 22, 11, 59) }),
    costing(4_000n, { atMs: Date.UTC(2026, 10, 22, 23, 59, 59, 999), endpoint: 'embed' }),
    costing(50_000n, { atMs: Date.UTC(2026, 10, 23) }),
  ];
  await using finance = await startWith(entries);
  const { status, body } = await finance.spend();
  expect(status).toBe(200);
  expect(body).toMatchObject({
    rows: [
      { endpoint: 'embed', calls: 1, costUsd: formatUsd(4_000n) },
      { endpoint: 'summarize', calls: 2, costUsd: formatUsd(320n) },
    ],
    totalUsd: formatUsd(4_320n),
  });
});

test('L11 a month ends at midnight in UTC: its last millisecond is in it, and the next is not', async () => {
  const last = costing(1n, { atMs: Date.UTC(2026, 10, 30, 23, 59, 59, 999) });
  const first = costing(20n, { atMs: Date.UTC(2026, 11, 1) });
  await using finance = await startWith([last, first], { clock: new FakeClock(Date.UTC(2026, 11, 15)) });
  const total = async (query?: Readonly<Record<string, string>>) => (await finance.spend(query)).body['totalUsd'];
  expect(await total({ from: '2026-11-01', to: '2026-11-30' })).toBe(formatUsd(1n));
  expect(await total({ from: '2026-12-01', to: '2026-12-31' })).toBe(formatUsd(20n));
  expect(await total()).toBe(formatUsd(20n));
  expect(await total({ from: '2026-11-30', to: '2026-12-01' })).toBe(formatUsd(21n));
  expect((await finance.spend({ from: '2026-11-30', by: 'day' })).body['rows']).toMatchObject([
    { day: '2026-12-01', calls: 1 },
    { day: '2026-11-30', calls: 1 },
  ]);
});

test('L11 every combination of dimensions adds up to the same total as the ledger', async () => {
  const pico = [3n, 1_000_000_000_001n, 77n, 5_000n, 12n, 999_999_999_999n];
  const entries = pico.map((costPico, at) =>
    costing(costPico, {
      atMs: NOON_MS - at * 86_400_000,
      endpoint: at % 2 === 0 ? 'summarize' : 'classify',
      caller: at % 3 === 0 ? 'ada' : 'bob',
    }),
  );
  await using finance = await startWith(entries);
  const rows = new Map<string, number>();
  for (const by of [
    'endpoint',
    'caller',
    'model',
    'day',
    'endpoint,caller',
    'caller,day',
    'day,model,caller,endpoint',
  ]) {
    const { body } = await finance.spend({ by });
    const costs = (body['rows'] as readonly { costUsd: string }[]).map(({ costUsd }) => parseUsd(costUsd));
    expect(costs.reduce((sum, cost) => sum + cost, 0n)).toBe(2_000_000_005_092n);
    expect(body['totalUsd']).toBe('2.000000005092');
    rows.set(by, costs.length);
  }
  expect(Object.fromEntries(rows)).toEqual({
    endpoint: 2,
    caller: 2,
    model: 1,
    day: 6,
    'endpoint,caller': 4,
    'caller,day': 6,
    'day,model,caller,endpoint': 6,
  });
});

test('L11 all shards of a day are read, also where their number has changed within the month', async () => {
  const entries = Array.from({ length: 40 }, () => costing(7n));
  await using finance = await startWith(entries.slice(0, 10));
  const sharded = createLedgerStore({
    dynamo: finance.weir.platform.dynamo,
    table: finance.weir.platform.config.tables.ledger,
    log: finance.weir.platform.log,
    shards: 5,
  });
  for (const entry of entries.slice(10)) await sharded.record(entry);
  expect((await finance.spend()).body).toMatchObject({ rows: [{ calls: 40 }], totalUsd: formatUsd(280n) });
});

test('L11 an endpoint that is no longer in the code is still reported', async () => {
  await using finance = await startWith([costing(5n, { endpoint: 'translate-2025' })]);
  expect(finance.weir.entries.map(({ name }) => name)).not.toContain('translate-2025');
  expect((await finance.spend()).body['rows']).toMatchObject([{ endpoint: 'translate-2025', costUsd: formatUsd(5n) }]);
});

test('L11 an adjustment is part of the report of the day and month of its call', async () => {
  const swept = entryOf({
    atMs: Date.UTC(2026, 9, 31, 23, 59),
    attempts: [attemptOf({ costPico: 900n, basis: 'unknown' })],
    basis: 'unknown',
  });
  await using finance = await startWith([swept]);
  const truth = { ...swept, requestId: 'the process itself', costPico: 40n, unknownPico: 0n, basis: 'exact' as const };
  const { adjustment } = await finance.ledger.record(truth);
  await finance.ledger.adjust(adjustment!);
  const october = await finance.spend({ from: '2026-10-01', to: '2026-10-31' });
  expect(october.body).toMatchObject({ rows: [{ calls: 1 }], totalUsd: formatUsd(40n), unknownUsd: '0' });
  expect((await finance.spend()).body).toMatchObject({ rows: [], totalUsd: '0' });
});

test('more entries than one page of a query holds are all read', async () => {
  // DynamoDB gives at most 1 MB a page.
  const entries = Array.from({ length: 60 }, () => costing(1n, { functionName: 'x'.repeat(30_000) }));
  await using finance = await startWith(entries);
  expect((await finance.spend()).body).toMatchObject({ rows: [{ calls: 60 }], totalUsd: formatUsd(60n) });
});

test('L11 as CSV: the dimensions first, RFC 4180, cells that a spreadsheet would run neutralised', async () => {
  const entries = [
    costing(3_000n, { caller: '=HYPERLINK("http://evil.example","pay")' }),
    costing(200n, { caller: '-2+3' }),
    costing(1n, { caller: 'Smith, "Bob"' }),
  ];
  await using finance = await startWith(entries);
  const { headers, raw } = await finance.spend({ by: 'caller,endpoint', format: 'csv' });
  expect(headers['content-type']).toBe('text/csv; charset=utf-8');
  expect(raw.split('\r\n')).toEqual([
    'caller,endpoint,calls,cacheHits,inputTokens,outputTokens,costUsd,unknownUsd,savedUsd',
    `"'=HYPERLINK(""http://evil.example"",""pay"")",summarize,1,0,10,5,0.000000003,0,0`,
    `'-2+3,summarize,1,0,10,5,0.0000000002,0,0`,
    '"Smith, ""Bob""",summarize,1,0,10,5,0.000000000001,0,0',
    '',
  ]);
});

test('the Accept header chooses the form, and the query overrides it', async () => {
  await using finance = await startWith([costing(1n)]);
  const ask = async (accept: string, format?: string) => {
    const query: Record<string, string> = format === undefined ? {} : { format };
    const reply = await finance.weir.get('finance/spend', query, { ...FINANCE, headers: { Accept: accept } });
    return reply.headers['content-type'];
  };
  expect(await ask('text/csv')).toBe('text/csv; charset=utf-8');
  expect(await ask('*/*')).toBe('application/json');
  expect(await ask('text/csv', 'json')).toBe('application/json');
  expect(await ask('application/json', 'csv')).toBe('text/csv; charset=utf-8');
});

test('a dimension named twice is one', async () => {
  await using finance = await startWith([costing(1n)]);
  const { raw } = await finance.spend({ by: 'day, endpoint,day ,endpoint', format: 'csv' });
  expect(raw.split('\r\n')[0]).toBe(
    'day,endpoint,calls,cacheHits,inputTokens,outputTokens,costUsd,unknownUsd,savedUsd',
  );
});

test.each([
  [{ from: '2026-13-01' }, 'from', "from must be a day such as 2026-11-01, but '2026-13-01' was provided"],
  [{ from: '2026-02-30' }, 'from', "from must be a day such as 2026-11-01, but '2026-02-30' was provided"],
  [{ to: 'yesterday' }, 'to', "to must be a day such as 2026-11-30, but 'yesterday' was provided"],
  [{ from: '2026-11-1' }, 'from', "from must be a day such as 2026-11-01, but '2026-11-1' was provided"],
  [
    { from: '2026-11-22', to: '2026-11-21' },
    'to',
    'to must not lie before from (2026-11-22), but 2026-11-21 was provided',
  ],
  [{ to: '2026-10-31' }, 'to', 'to must not lie before from (2026-11-01), but 2026-10-31 was provided'],
  [{ from: '2025-01-01', to: '2026-01-02' }, 'from', 'from and to must span at most 366 days, but 367 were asked'],
  [{ by: 'team' }, 'by', "by must be any of endpoint, caller, model, day, but 'team' was provided"],
  [{ by: '' }, 'by', "by must be any of endpoint, caller, model, day, but '' was provided"],
  [{ by: 'endpoint,' }, 'by', "by must be any of endpoint, caller, model, day, but '' was provided"],
  [{ format: 'xml' }, 'format', "format must be one of json, csv, but 'xml' was provided"],
  [{ until: '2026-11-01' }, 'until', 'until is not a known field'],
])('%j is refused: the field, the limit and the value received', async (query, field, message) => {
  await using finance = await startWith([]);
  const { status, body } = await finance.spend(query);
  expect(status).toBe(400);
  expect(body['errors']).toEqual([{ field, message }]);
});

test('a span of 366 days is read', async () => {
  await using finance = await startWith([]);
  expect((await finance.spend({ from: '2025-11-22', to: '2026-11-22' })).status).toBe(200);
});

test('only finance may read spend, whoever else one is', async () => {
  await using finance = await startWith([]);
  const ask = async (roles: readonly Role[]) => (await finance.weir.get('finance/spend', {}, { roles })).status;
  expect(await ask(['finance'])).toBe(200);
  expect(await ask(['administrator'])).toBe(403);
  expect(await ask(['finance', 'administrator'])).toBe(200);
  expect(await ask(['caller'])).toBe(403);
  expect(await ask([])).toBe(403);
  expect((await finance.weir.get('finance/spend', {}, { caller: null })).status).toBe(401);
  expect(finance.weir.dynamoDb.counts['Query'] ?? 0).toBeGreaterThan(0);
});

test('someone without the role causes no read of the ledger', async () => {
  await using finance = await startWith([]);
  await finance.weir.get('finance/spend', {}, { roles: ['caller'] });
  expect(finance.weir.dynamoDb.requests).toEqual([]);
});
