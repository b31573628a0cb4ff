import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalWeir } from '#infra/local/local-weir.ts';
import { startDynamoDb } from '#infra/local/parts/dynamodb.ts';
import { testKey } from '#test/support/test-key.ts';
import { answerQuestions } from '../companion.ts';

/** Where the functions are, and what rotation shares with them. */
export interface RotatedWeir {
  readonly url: string;
  readonly callerKey: string;
  readonly dynamodb: string;
  readonly ledgerTable: string;
  readonly secretId: string;
}

/**
 * Process of Weir, as `npm start` has it, over a Secrets Manager that others write. Arguments: the addresses of the upstream and of
 * Secrets Manager.
 */
const folder = mkdtempSync(join(tmpdir(), 'weir-rotated-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const [, , upstream, secretsmanager] = process.argv;

const started = (async (): Promise<RotatedWeir> => {
  const { endpoint: dynamodb } = await startDynamoDb({ dataDir: undefined });
  const { outputs, keys } = await startLocalWeir({
    port: 0,
    dataDir: folder,
    keys: {},
    awsEndpoints: { dynamodb, secretsmanager },
    openaiApiKey: testKey('first'),
    openaiBaseUrl: upstream,
  });
  const { apiUrl: url, tables, secrets } = outputs;
  return { url, callerKey: keys.caller, dynamodb, ledgerTable: tables.ledger, secretId: secrets['openai'] as string };
})();

answerQuestions(() => started);
