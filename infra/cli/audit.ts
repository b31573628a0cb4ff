import { findAdministrator } from './administrator.ts';
import { auditParts, type AuditEntry } from './audit/audit-api.ts';
import { about } from './failure.ts';
import type { FoundWeir } from './find-weir.ts';
import { write, type Streams } from './streams.ts';
import { alignedTable, type Column } from './table.ts';

export interface AuditRequest {
  /** First day (UTC). */
  readonly from: string;
  /** Last day (UTC), included. */
  readonly to: string;
  /** One line of JSON an entry as it comes, instead of a table. */
  readonly json: boolean;
}

export interface AuditContext {
  readonly weir: FoundWeir;
  readonly streams: Streams;
  /** The administrator's key of a local start, where the environment has one. */
  readonly adminKey: string | undefined;
}

/** Shows who changed callers and budgets on these days, all of it. @throws CliFailure with what the API says */
export async function showAudit({ from, to, json }: AuditRequest, context: AuditContext): Promise<void> {
  const { weir, adminKey, streams } = context;
  const administrator = await findAdministrator(weir, adminKey, streams);
  const show = (text: string) => about('standard output', write(streams.stdout, text));
  const rows: string[][] = [];
  for await (const entries of auditParts(weir.outputs.apiUrl, administrator, { from, to })) {
    if (json) await show(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    else rows.push(...entries.map(rowOf));
  }
  if (!json) await show(alignedTable(COLUMNS, rows));
}

const COLUMNS = ['at (UTC)', 'by', 'action', 'of', 'outcome', 'details'].map((title): Column => ({
  title,
  holds: 'text',
}));
const MOST_DETAIL_CHARS = 100;

function rowOf({ at, by, action, subject, outcome, details }: AuditEntry): string[] {
  return [at.slice(0, 19).replace('T', ' '), by, action, subject, outcome, shortened(JSON.stringify(details))];
}

/** Names are anybody's words: none moves the cursor. */
function shortened(json: string): string {
  const text = json.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
  return text.length <= MOST_DETAIL_CHARS ? text : `${text.slice(0, MOST_DETAIL_CHARS - 2)} …`;
}
