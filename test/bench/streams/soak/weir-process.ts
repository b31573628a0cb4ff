import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalWeir } from '#infra/local/local-weir.ts';
import { startDynamoDb } from '#infra/local/parts/dynamodb.ts';
import { localPlatform, readLedger } from '#test/support/local-ledger.ts';
import { testKey } from '#test/support/test-key.ts';
import { lookAtRest } from '../../at-rest.ts';
import { answerQuestions } from '../../companion.ts';

export type WeirQuestion = { readonly what: 'look' | 'rest' | 'ledger' };

export interface WeirAddress {
  readonly url: string;
  readonly callerKey: string;
}

/** The ledger, summed up. */
export interface LedgerSum {
  readonly entries: number;
  /** Pico-dollars. */
  readonly cost: string;
  /** How many entries there are of each outcome and basis: `completed exact`. */
  readonly kinds: Readonly<Record<string, number>>;
}

/**
 * Process of Weir, all of it, as `npm start` has it, its tables in the memory of the embedded DynamoDB's own process. Argument: the
 * address of the upstream.
 */
const folder = mkdtempSync(join(tmpdir(), 'weir-soak-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

const started = (async () => {
  const { endpoint } = await startDynamoDb({ dataDir: undefined });
  return startLocalWeir({
    port: 0,
    dataDir: folder,
    keys: {},
    awsEndpoints: { dynamodb: endpoint },
    openaiApiKey: testKey('soak'),
    openaiBaseUrl: process.argv[2],
  });
})();

answerQuestions(async (question): Promise<unknown> => {
  const { outputs, keys } = await started;
  switch ((question as WeirQuestion).what) {
    case 'look':
      return { url: outputs.apiUrl, callerKey: keys.caller } satisfies WeirAddress;
    case 'rest':
      return lookAtRest();
    case 'ledger':
      return sumUp(outputs.awsEndpoints?.dynamodb);
  }
});

async function sumUp(dynamodb: string | undefined): Promise<LedgerSum> {
  const entries = await readLedger(localPlatform(dynamodb));
  const kinds: Record<string, number> = {};
  for (const { outcome, basis } of entries) kinds[`${outcome} ${basis}`] = (kinds[`${outcome} ${basis}`] ?? 0) + 1;
  return { entries: entries.length, cost: String(entries.reduce((sum, { costPico }) => sum + costPico, 0n)), kinds };
}
