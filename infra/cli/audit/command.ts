import { InvalidArgumentError, type Command } from 'commander';
import type { Clock } from '#platform/clock.ts';
import { ADMINISTRATORS } from '../administrator.ts';
import type { AuditContext } from '../audit.ts';
import type { FoundWeir } from '../find-weir.ts';

/** What the command takes from around it. */
export interface AuditSurroundings extends Omit<AuditContext, 'weir'> {
  /** @throws UsageFailure where no Weir is known */
  readonly findWeir: () => Promise<FoundWeir>;
  readonly clock: Clock;
}

interface AuditFlags {
  readonly from?: string;
  readonly to?: string;
  readonly json?: boolean;
}

/** Adds `weir audit`. What it needs is loaded when it runs. */
export function addAuditCommand(weir: Command, { findWeir, clock, streams, adminKey }: AuditSurroundings): void {
  weir
    .command('audit')
    .description('Show who changed callers and budgets, when, and what became of it.')
    .option('--from <day>', 'first day, in UTC (default: the last one)', parseDay)
    .option('--to <day>', 'last day, in UTC (default: today)', parseDay)
    .option('--json', 'one line of JSON for each, whole, for machines')
    .addHelpText('after', '\nExample:\n  npm run weir -- audit --from 2026-11-01 --to 2026-11-30')
    .addHelpText('after', ADMINISTRATORS)
    .action(async (flags: AuditFlags) => {
      const { showAudit } = await import('../audit.ts');
      const { to = new Date(clock.nowMs()).toISOString().slice(0, 10), json = false } = flags;
      const { from = to } = flags;
      await showAudit({ from, to, json }, { weir: await findWeir(), streams, adminKey });
    });
}

function parseDay(text: string): string {
  if (/^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError('It must be a day such as 2026-11-30.');
}
