import { redactLine } from '#edge/redact-line.ts';
import type { LedgerEntry } from '#ledger/entry.ts';
import { createLedgerStore } from '#ledger/ledger-store.ts';
import { parseConfig } from '#platform/config.ts';
import { createPlatform, type Platform } from '#platform/platform.ts';

const DAY_MS = 86_400_000;

/** A way to the tables of a local Weir, by the endpoint of its DynamoDB. */
export function localPlatform(dynamodb: string | undefined): Platform {
  const config = parseConfig({
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
  });
  return createPlatform({ redact: redactLine, config });
}

/** Every entry of the ledger of these days: a test may run over midnight. */
export async function readLedger({ dynamo, config, clock, log }: Platform): Promise<LedgerEntry[]> {
  const store = createLedgerStore({ dynamo, table: config.tables.ledger, log });
  const [from = '', to = ''] = [-DAY_MS, DAY_MS].map((ms) => new Date(clock.nowMs() + ms).toISOString().slice(0, 10));
  const rows = await Array.fromAsync(store.rows(from, to));
  return rows.flatMap((row) => (row.kind === 'entry' ? [row.entry] : []));
}
