import * as z from 'zod';
import { defineRoute } from '#edge/define-route.ts';
import { showValue } from '#edge/shown.ts';
import { InvalidRequest } from '#platform/errors.ts';
import { toCsv } from '#ledger/csv.ts';
import { createLedgerStore } from '#ledger/ledger-store.ts';
import { SPEND_DIMENSIONS, spendReport, type SpendDimension, type WantedTag } from '#ledger/spend-report.ts';

const MAX_DAYS = 366;
const DAY_MS = 86_400_000;
const FIGURES = ['calls', 'cacheHits', 'inputTokens', 'outputTokens', 'costUsd', 'unknownUsd', 'savedUsd'];

const usd = z.string().describe('Decimal US dollars, exact to the pico-dollar.');

/** What was spent, by endpoint, caller, model and day (UTC), straight from the ledger. */
export const { handler, spec } = defineRoute({
  summary: 'Spend by endpoint, caller, model and day, as JSON or CSV.',
  method: 'GET',
  path: '/v1/spend',
  access: ['finance'],
  query: z.strictObject({
    from: z.iso
      .date('must be a day such as 2026-11-01')
      .optional()
      .describe('First day (UTC). Default: the first of this month.'),
    to: z.iso.date('must be a day such as 2026-11-30').optional().describe('Last day (UTC), included. Default: today.'),
    by: z
      .string()
      .default('endpoint')
      .describe(`Any of ${SPEND_DIMENSIONS.join(', ')}, separated by commas.`),
    tag: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,64}(=.{1,128})?$/, 'must be a name such as eval, or name=value')
      .optional()
      .describe('Only calls with this tag, such as eval; `name=value` for one value of it. Default: all calls.'),
    format: z
      .enum(['json', 'csv'])
      .optional()
      .describe('Default: CSV where the Accept header names text/csv and not JSON, else JSON.'),
  }),
  output: z.strictObject({
    rows: z.array(
      z.strictObject({
        endpoint: z.string().optional(),
        caller: z.string().optional(),
        model: z.string().optional(),
        day: z.string().optional(),
        calls: z.int(),
        cacheHits: z.int(),
        inputTokens: z.int(),
        outputTokens: z.int(),
        costUsd: usd,
        unknownUsd: usd,
        savedUsd: usd,
      }),
    ),
    totalUsd: usd,
    unknownUsd: usd.describe('The part of the total that may have been billed, counted at its upper bound.'),
  }),
  example: { by: 'endpoint,model' },
  produces: ['application/json', 'text/csv'],
  reads: ['ledger'],
  timeoutMs: 28_000,
  memoryMb: 512,
  async handle(query, { dynamo, config, clock, log }, { headers }) {
    const today = new Date(clock.nowMs()).toISOString().slice(0, 10);
    const { from = `${today.slice(0, 7)}-01`, to = today, format } = query;
    checkDays(from, to);
    const by = parseDimensions(query.by);
    const ledger = createLedgerStore({ dynamo, table: config.tables.ledger, log });
    const report = await spendReport(ledger.rows(from, to), by, parseTag(query.tag));
    if ((format ?? (wantsCsv(headers['accept']) ? 'csv' : 'json')) === 'json') return { json: report };
    return { contentType: 'text/csv; charset=utf-8', text: toCsv([...by, ...FIGURES], report.rows) };
  },
});

function wantsCsv(accept = ''): boolean {
  return accept.includes('text/csv') && !accept.includes('json');
}

function checkDays(from: string, to: string): void {
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
  if (days < 1)
    throw new InvalidRequest([
      { field: 'to', message: `to must not lie before from (${from}), but ${to} was provided` },
    ]);
  if (days > MAX_DAYS) {
    throw new InvalidRequest([
      { field: 'from', message: `from and to must span at most ${MAX_DAYS} days, but ${days} were asked` },
    ]);
  }
}

function parseTag(tag: string | undefined): WantedTag | undefined {
  if (tag === undefined) return undefined;
  const [name, ...value] = tag.split('=');
  return { name: name as string, ...(value.length > 0 && { value: value.join('=') }) };
}

function parseDimensions(by: string): SpendDimension[] {
  const names = by.split(',').map((name) => name.trim());
  return [...new Set(names)].map((name) => {
    const dimension = SPEND_DIMENSIONS.find((known) => known === name);
    if (dimension) return dimension;
    const message = `by must be any of ${SPEND_DIMENSIONS.join(', ')}, but ${showValue(name)} was provided`;
    throw new InvalidRequest([{ field: 'by', message }]);
  });
}
