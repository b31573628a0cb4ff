import * as z from 'zod';
import type { Administrator } from '../administrator.ts';
import { createAskApi } from '../ask-api.ts';

/** An entry as the API tells it; members that came later than this command line stay, for machines. */
const entrySchema = z.looseObject({
  at: z.string(),
  by: z.string(),
  action: z.string(),
  subject: z.string(),
  details: z.record(z.string(), z.unknown()),
  outcome: z.string(),
});
export type AuditEntry = z.infer<typeof entrySchema>;

const partSchema = z.looseObject({ entries: z.array(entrySchema), next: z.string().optional() });

/**
 * The audit trail of some days (UTC, both included), the oldest entry first, part by part.
 * @throws CliFailure with what the API says
 */
export async function* auditParts(
  apiUrl: string,
  administrator: Administrator,
  { from, to }: { readonly from: string; readonly to: string },
): AsyncGenerator<AuditEntry[]> {
  const ask = createAskApi(apiUrl, administrator, { reply: 'an audit trail', unsure: '' });
  let next: string | undefined;
  do {
    const query = new URLSearchParams({ from, to, limit: '1000', ...(next !== undefined && { next }) });
    const asked = { thing: 'audit', method: 'GET', path: `/v1/audit?${query.toString()}` } as const;
    const part = await ask(asked, partSchema);
    yield part.entries;
    next = part.next;
  } while (next !== undefined);
}
