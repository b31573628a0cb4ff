import { join } from 'node:path';
import type { Clock } from '#platform/clock.ts';
import { startJsonProtocolServer, type RunningServer } from './json-protocol-server.ts';
import { secretOperations } from './secrets-manager/operations.ts';
import type { Secret } from './secrets-manager/secret.ts';
import { openStateFile } from './state-file.ts';
import { systemClock } from '#platform/clock.ts';

export interface SecretsManagerOptions {
  /** The folder that keeps the secrets, in a file that its owner alone can read. @default in memory */
  dataDir?: string | undefined;
  /** @default a free port */
  port?: number | undefined;
  /** What dates and recovery windows go by. @default the machine's time */
  clock?: Clock;
}

/**
 * Secrets Manager on this machine, for the real SDK client: versions, staging labels that move as AWS moves them,
 * deletion with a recovery window, and AWS's own errors. Values are not encrypted; they survive a restart and a kill.
 */
export async function startSecretsManager(options: SecretsManagerOptions = {}): Promise<RunningServer> {
  const state = openStateFile<Secret>(options.dataDir && join(options.dataDir, 'secrets-manager.jsonl'));
  const server = await startJsonProtocolServer({
    label: 'secrets-manager',
    targetPrefix: 'secretsmanager',
    jsonVersion: '1.1',
    operations: secretOperations(state, options.clock ?? systemClock),
    port: options.port,
  });
  return {
    endpoint: server.endpoint,
    async stop() {
      await server.stop();
      state.close();
    },
  };
}
