import * as z from 'zod';
import { operation, type Operation } from '../json-protocol-server.ts';
import { sqsErrors } from './errors.ts';
import { assertWithin } from './limits.ts';
import { LOCAL_ACCOUNT_ID, queueArn, type Queue } from './queue.ts';
import { assertAttributes, withDefaults, type QueueAttributes } from './queue-attributes.ts';
import type { Queues } from './queues.ts';

const QUEUE_NAME = /^[A-Za-z0-9_-]{1,80}$/;
const MAX_LISTED = 1000;

const attributes = z.record(z.string(), z.string());
const createQueue = z.object({ QueueName: z.string(), Attributes: attributes.optional() });
const getQueueUrl = z.object({ QueueName: z.string() });
const listQueues = z.object({
  QueueNamePrefix: z.string().optional(),
  MaxResults: z.number().optional(),
  NextToken: z.string().optional(),
});
const getQueueAttributes = z.object({ QueueUrl: z.string(), AttributeNames: z.array(z.string()).optional() });
const setQueueAttributes = z.object({ QueueUrl: z.string(), Attributes: attributes });
const purgeQueue = z.object({ QueueUrl: z.string() });

/** The calls that make, find, describe and empty queues. */
export function queueOperations(queues: Queues): Record<string, Operation> {
  const urlOf = (name: string, endpoint: string) => `${endpoint}/${LOCAL_ACCOUNT_ID}/${name}`;
  const assertSettable = (name: string, wanted: QueueAttributes) =>
    assertAttributes(wanted, (arn) => arn !== queueArn(name) && queues.byArn(arn) !== undefined);

  return {
    CreateQueue: operation(createQueue, ({ QueueName, Attributes = {} }, { endpoint }) => {
      assertSettable(QueueName, Attributes);
      if (!QUEUE_NAME.test(QueueName)) {
        throw sqsErrors.invalidParameter(
          'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
        );
      }
      const existing = queues.find(QueueName);
      if (existing) assertSame(existing, Attributes);
      else queues.create(QueueName, withoutEmpty(Attributes));
      return { QueueUrl: urlOf(QueueName, endpoint) };
    }),

    GetQueueUrl: operation(getQueueUrl, ({ QueueName }, { endpoint }) => {
      if (!queues.find(QueueName)) throw sqsErrors.noSuchQueue();
      return { QueueUrl: urlOf(QueueName, endpoint) };
    }),

    ListQueues: operation(listQueues, ({ QueueNamePrefix = '', MaxResults, NextToken }, { endpoint }) => {
      assertWithin('MaxResults', MaxResults, 1, MAX_LISTED);
      const names = queues.all().map((queue) => queue.settings.name);
      const wanted = names.filter((name) => name.startsWith(QueueNamePrefix)).sort();
      const rest = NextToken ? wanted.filter((name) => name > NextToken) : wanted;
      const page = rest.slice(0, MaxResults ?? MAX_LISTED);
      const isCut = MaxResults !== undefined && page.length < rest.length;
      return { QueueUrls: page.map((name) => urlOf(name, endpoint)), ...(isCut && { NextToken: page.at(-1) }) };
    }),

    GetQueueAttributes: operation(getQueueAttributes, ({ QueueUrl, AttributeNames = [] }) => {
      const all = describe(queues.byUrl(QueueUrl));
      const names = AttributeNames.includes('All') ? Object.keys(all) : AttributeNames;
      return { Attributes: Object.fromEntries(names.filter((n) => all[n] !== undefined).map((n) => [n, all[n]])) };
    }),

    SetQueueAttributes: operation(setQueueAttributes, ({ QueueUrl, Attributes }) => {
      const queue = queues.byUrl(QueueUrl);
      assertSettable(queue.settings.name, Attributes);
      queue.configure(withoutEmpty({ ...queue.settings.attributes, ...Attributes }));
    }),

    PurgeQueue: operation(purgeQueue, ({ QueueUrl }) => queues.byUrl(QueueUrl).purge()),
  };
}

/** Creating a queue again is no error, unless it should have other settings. */
function assertSame(queue: Queue, wanted: QueueAttributes): void {
  const current = withDefaults(queue.settings.attributes);
  for (const [name, value] of Object.entries(wanted)) {
    if ((current[name] ?? '') !== value) throw sqsErrors.queueNameExists(name);
  }
}

/** An attribute set to nothing (a redrive policy) is an attribute removed. */
function withoutEmpty(wanted: QueueAttributes): QueueAttributes {
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== ''));
}

function describe(queue: Queue): QueueAttributes {
  const { settings } = queue;
  const { visible, inFlight, delayed } = queue.counts();
  return {
    ...withDefaults(settings.attributes),
    QueueArn: queueArn(settings.name),
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    CreatedTimestamp: String(Math.floor(settings.createdAtMs / 1000)),
    LastModifiedTimestamp: String(Math.floor(settings.modifiedAtMs / 1000)),
  };
}
