import { join } from 'node:path';
import type { Clock } from '#platform/clock.ts';
import { startJsonProtocolServer, type RunningServer } from './json-protocol-server.ts';
import { openStateFile } from './state-file.ts';
import { messageOperations } from './sqs/message-operations.ts';
import type { SqsRow } from './sqs/queue.ts';
import { queueOperations } from './sqs/queue-operations.ts';
import { openQueues } from './sqs/queues.ts';
import { systemClock } from '#platform/clock.ts';

export interface SqsOptions {
  /** The folder that keeps the queues. @default in memory */
  dataDir?: string | undefined;
  /** @default a free port */
  port?: number | undefined;
  /** What visibility, delays, long polls and retention go by. @default the machine's time */
  clock?: Clock;
}

/**
 * SQS on this machine, for the real SDK client: standard queues with visibility, delays, long polling, batches, native
 * redrive and SQS's own limits and errors. FIFO queues are refused. Queues and messages survive a restart and a kill.
 */
export async function startSqs(options: SqsOptions = {}): Promise<RunningServer> {
  const clock = options.clock ?? systemClock;
  const state = openStateFile<SqsRow>(options.dataDir && join(options.dataDir, 'sqs.jsonl'));
  const queues = openQueues(state, clock);
  const server = await startJsonProtocolServer({
    label: 'sqs',
    targetPrefix: 'AmazonSQS',
    jsonVersion: '1.0',
    operations: { ...queueOperations(queues), ...messageOperations(queues, clock) },
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
