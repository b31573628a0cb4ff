import { randomUUID } from 'node:crypto';
import { textOf, type StoredItem } from '#platform/aws/attributes.ts';
import { AuditUnavailable, WeirError } from '#platform/errors.ts';
import type { Platform } from '#platform/platform.ts';
import { maskedJson } from '../known-error.ts';
import { redactLine } from '../redact-line.ts';

/** What can be done that is written down. */
export const ACTIONS = [
  'caller.create',
  'caller.change',
  'caller.rotate',
  'caller.revoke',
  'key.revoke',
  'budget.set',
] as const;
export type Action = (typeof ACTIONS)[number];

/**
 * What became of it. `refused`: nothing was changed. `failed`: it may have been done in part. `unknown`: the process died, or the
 * trail could not be reached any more: it may have been done.
 */
export const OUTCOMES = ['done', 'refused', 'failed', 'unknown'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What somebody is about to do. Holds names and limits, never a key or its hash. */
export interface Deed {
  readonly action: Action;
  /** `caller:<id>`, or the scope of a budget. */
  readonly subject: string;
  /** The administrator's id. */
  readonly by: string;
  readonly requestId: string;
  /** What was asked for. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** A deed as the trail has it. */
export interface AuditEntry extends Deed {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly outcome: Outcome;
}

type Parts = Pick<Platform, 'dynamo' | 'config' | 'clock' | 'log'>;

/**
 * Does what is to be written down. DynamoDB could write both at once, but a change is several items in two tables; so the trail goes first,
 * as a database's log does:
 *
 *     put <day>, <time>#<id>            what is about to be done; if this fails nothing is done: 503
 *     do it
 *     put <day>, <time>#<id>#outcome    what became of it; if this fails the entry stays, with the outcome `unknown`
 *
 * So nothing is ever done that is not in the trail before its reply, and nothing in the trail is ever changed.
 *
 * @throws AuditUnavailable, before anything was done; else what `work` throws
 */
export async function audited<Result>(deed: Deed, parts: Parts, work: () => Promise<Result>): Promise<Result> {
  const { dynamo, config, clock, log } = parts;
  const at = new Date(clock.nowMs()).toISOString();
  const key = { pk: at.slice(0, 10), sk: `${at}#${randomUUID()}` };
  // A condition that fails is a write of this very entry whose answer was lost: its key is nobody else's.
  const append = async (item: Readonly<Record<string, string>>): Promise<void> => {
    await dynamo.put(config.tables.audit, item, { condition: 'attribute_not_exists(pk)' });
  };
  const conclude = (outcome: Outcome) =>
    append({ ...key, sk: `${key.sk}${OUTCOME_SUFFIX}`, outcome }).catch(() => {
      log.error('the outcome of a change could not be written down', {
        action: deed.action,
        subject: deed.subject,
        outcome,
      });
    });
  const { action, subject, by, requestId } = deed;
  // Names are anybody's words (D1).
  const details = maskedJson(deed.details, redactLine);
  await append({ ...key, at, action, subject, by, requestId, details }).catch((error: unknown) => {
    throw new AuditUnavailable(error);
  });
  try {
    const result = await work();
    await conclude('done');
    return result;
  } catch (error) {
    await conclude(error instanceof WeirError && error.status < 500 ? 'refused' : 'failed');
    throw error;
  }
}

/** A part of the trail: so many entries, and where the next part begins. */
export interface AuditPart {
  readonly entries: readonly AuditEntry[];
  /** Names the last of these entries; absent where none is left. */
  readonly next?: string;
}

/** What bounds a part, beside its days. */
export interface PartLimits {
  readonly mostEntries: number;
  /** Of the entries as JSON, together; one entry is always given. */
  readonly mostChars: number;
}

/**
 * The entries of these days (UTC, both included), the oldest first.
 * @param after the `next` of the part before; absent: from the first day's beginning
 * @throws when the table does not answer
 */
export async function auditPart(
  days: { readonly from: string; readonly to: string; readonly after?: string | undefined },
  { mostEntries, mostChars }: PartLimits,
  parts: Pick<Platform, 'dynamo' | 'config'>,
): Promise<AuditPart> {
  const entries: AuditEntry[] = [];
  let last = '';
  let chars = 0;
  for await (const { place, entry } of auditEntries(days, parts)) {
    chars += JSON.stringify(entry).length;
    const isFull = entries.length === mostEntries || (chars > mostChars && entries.length > 0);
    if (isFull) return { entries, next: Buffer.from(last).toString('base64url') };
    entries.push(entry);
    last = place;
  }
  return { entries };
}

/** The day of the entry that a `next` names; undefined for what is none. */
export function dayOfNext(next: string): string | undefined {
  return PLACE.exec(Buffer.from(next, 'base64url').toString())?.[1];
}

/** The time and the id of an entry. */
const PLACE = /^(\d{4}-\d\d-\d\d)T[\d:.]{12}Z#[\da-f-]{36}$/;

async function* auditEntries(
  { from, to, after }: Parameters<typeof auditPart>[0],
  { dynamo, config }: Pick<Platform, 'dynamo' | 'config'>,
): AsyncGenerator<{ readonly place: string; readonly entry: AuditEntry }> {
  const lastSeen = after === undefined ? undefined : Buffer.from(after, 'base64url').toString();
  const firstDay = lastSeen?.slice(0, 10) ?? from;
  for (let dayMs = Date.parse(firstDay); dayMs <= Date.parse(to); dayMs += DAY_MS) {
    const day = new Date(dayMs).toISOString().slice(0, 10);
    // Behind its outcome too, though that may have come since.
    const behind = lastSeen !== undefined && day === firstDay ? lastSeen + OUTCOME_SUFFIX : day;
    const values = { ':day': day, ':behind': behind };
    let open: { place: string; entry: AuditEntry } | undefined;
    // An outcome lies just behind its entry.
    for await (const item of dynamo.query(config.tables.audit, 'pk = :day AND sk > :behind', { values })) {
      const outcome = OUTCOMES.find((each) => each === item['outcome']);
      if (outcome && open) {
        yield { ...open, entry: { ...open.entry, outcome } };
        open = undefined;
      } else {
        if (open) yield open;
        open = { place: textOf(item, 'sk'), entry: toEntry(item) };
      }
    }
    if (open) yield open;
  }
}

const DAY_MS = 86_400_000;
const OUTCOME_SUFFIX = '#outcome';

function toEntry(item: StoredItem): AuditEntry {
  return {
    at: textOf(item, 'at'),
    action: textOf(item, 'action') as Action,
    subject: textOf(item, 'subject'),
    by: textOf(item, 'by'),
    requestId: textOf(item, 'requestId'),
    details: JSON.parse(textOf(item, 'details')) as Deed['details'],
    outcome: 'unknown',
  };
}
