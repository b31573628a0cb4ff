import * as z from 'zod';
import { ACTIONS, auditPart, dayOfNext, OUTCOMES } from '#edge/audit/audit-trail.ts';
import { defineRoute } from '#edge/define-route.ts';
import { MOST_CHARS_A_PART, nextPart, partLimit } from '#edge/parts.ts';
import { InvalidRequest } from '#platform/errors.ts';

const MAX_DAYS = 92;
const DAY_MS = 86_400_000;
const day = z.iso.date('must be a day such as 2026-11-01');

/** Who did what to callers and budgets, the oldest first. */
export const { handler, spec } = defineRoute({
  summary: 'The audit trail: who changed callers and budgets, when, and what became of it.',
  method: 'GET',
  path: '/v1/audit',
  access: ['administrator'],
  query: z.strictObject({
    from: day.optional().describe('First day (UTC). Default: the last one.'),
    to: day.optional().describe('Last day (UTC), included. Default: today.'),
    limit: partLimit,
    next: z.string().max(200).optional().describe('The `next` of the reply before, with the same days.'),
  }),
  output: z.strictObject({
    entries: z.array(
      z.strictObject({
        at: z.string(),
        by: z.string(),
        action: z.enum(ACTIONS),
        subject: z.string(),
        details: z.record(z.string(), z.unknown()).describe('What was asked for; never a key.'),
        requestId: z.string(),
        outcome: z.enum(OUTCOMES).describe('`unknown` and `failed`: it may have been done, all or in part.'),
      }),
    ),
    next: nextPart,
  }),
  reads: ['audit'],
  timeoutMs: 28_000,
  async handle(query, platform) {
    const { to = new Date(platform.clock.nowMs()).toISOString().slice(0, 10) } = query;
    const { next, limit } = query;
    const { from = (next && dayOfNext(next)) ?? to } = query;
    checkDays(from, to);
    if (next !== undefined) checkNext(next, from, to);
    const limits = { mostEntries: Number(limit), mostChars: MOST_CHARS_A_PART };
    return { json: await auditPart({ from, to, after: next }, limits, platform) };
  },
});

function checkNext(next: string, from: string, to: string): void {
  const its = dayOfNext(next);
  if (its !== undefined && its >= from && its <= to) return;
  const message = 'next must be the one of a reply for the same days';
  throw new InvalidRequest([{ field: 'next', message }]);
}

function checkDays(from: string, to: string): void {
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
  if (days >= 1 && days <= MAX_DAYS) return;
  const message = `from must be 0 to ${MAX_DAYS - 1} days before to (${to}), but ${from} was provided`;
  throw new InvalidRequest([{ field: 'from', message }]);
}
