import type { Clock } from '#platform/clock.ts';
import type { StateFile } from '../state-file.ts';
import { sqsErrors } from './errors.ts';
import { Queue, queueArn, rowKeys, type Delivery, type SqsRow } from './queue.ts';
import type { QueueAttributes } from './queue-attributes.ts';

/** All queues of the emulator. */
export interface Queues {
  /** In the order of their creation. */
  all(): Queue[];
  find(name: string): Queue | undefined;
  /** @param queueUrl of any host and port: the emulator may have been restarted on another. @throws QueueDoesNotExist */
  byUrl(queueUrl: string): Queue;
  byArn(arn: string): Queue | undefined;
  create(name: string, attributes: QueueAttributes): Queue;
}

/** Reads back what the state file holds, and keeps the queues from then on. */
export function openQueues(state: StateFile<SqsRow>, clock: Clock): Queues {
  const queues = new Map<string, Queue>();
  const deliveries = new Map<string, Delivery>();
  for (const [key, row] of state.entries()) {
    if ('settings' in row) queues.set(row.settings.name, new Queue(row.settings, state, clock));
    else if ('delivery' in row) deliveries.set(key, row.delivery);
  }
  for (const [key, row] of state.entries()) {
    if (!('message' in row)) continue;
    const queueName = key.split('/')[1] ?? '';
    const delivery = deliveries.get(rowKeys.delivery(queueName, row.message.id));
    if (delivery) queues.get(queueName)?.restore(row.message, delivery);
  }

  return {
    all: () => [...queues.values()],
    find: (name) => queues.get(name),
    byUrl(queueUrl) {
      const queue = queues.get(queueUrl.slice(queueUrl.lastIndexOf('/') + 1));
      if (!queue) throw sqsErrors.noSuchQueue();
      return queue;
    },
    byArn: (arn) => {
      const queue = queues.get(arn.slice(arn.lastIndexOf(':') + 1));
      return queue && queueArn(queue.settings.name) === arn ? queue : undefined;
    },
    create(name, attributes) {
      const settings = { name, attributes, createdAtMs: clock.nowMs(), modifiedAtMs: clock.nowMs() };
      state.write([rowKeys.settings(name), { settings }]);
      const queue = new Queue(settings, state, clock);
      queues.set(name, queue);
      return queue;
    },
  };
}
