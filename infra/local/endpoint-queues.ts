import { CreateQueueCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { functionTimeoutSeconds } from '../function-timeout.ts';
import { slugOf, type Entry } from '../inventory.ts';
import type { HostedFunction } from './lambda-host.ts';
import { pollQueue } from './queue-poller.ts';

/** The queues of one endpoint. */
export interface EndpointQueues {
  readonly url: string;
  readonly resultsUrl: string;
  readonly deadLetterUrl: string;
}

/** A client for the queues of this machine, or of whatever stands behind the given endpoint. */
export function createSqsClient(endpoint: string): SQSClient {
  return new SQSClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
}

/** Makes an endpoint's queue, its dead-letter queue and its result queue; those that exist are kept, with the attributes of now. */
export async function createQueues(client: SQSClient, name: string, timeoutSeconds: number): Promise<EndpointQueues> {
  const create = async (suffix: string, attributes: Record<string, string> = {}) => {
    const command = new CreateQueueCommand({ QueueName: `weir-${slugOf(name)}${suffix}` });
    const url = (await client.send(command)).QueueUrl as string;
    // Apart from the creation, which a queue of an earlier start with other attributes would refuse.
    if (Object.keys(attributes).length > 0) {
      await client.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: attributes }));
    }
    return url;
  };
  return {
    url: await create('', { VisibilityTimeout: String(6 * timeoutSeconds) }),
    resultsUrl: await create('-results'),
    deadLetterUrl: await create('-dead-letters'),
  };
}

/** The queues of every endpoint that has some. */
export async function createAllQueues(
  client: SQSClient,
  entries: readonly Entry[],
): Promise<ReadonlyMap<string, EndpointQueues>> {
  const endpoints = entries.filter(({ spec }) => spec.kind === 'endpoint' && spec.hasQueue);
  const made = await Promise.all(
    endpoints.map(
      async ({ name, spec }) => [name, await createQueues(client, name, functionTimeoutSeconds(spec))] as const,
    ),
  );
  return new Map<string, EndpointQueues>(made);
}

/** Feeds every endpoint that has a queue from it; the function that it gives ends that. */
export function startPolling(
  client: SQSClient,
  functions: readonly HostedFunction[],
  queues: ReadonlyMap<string, EndpointQueues>,
): () => Promise<void> {
  const controller = new AbortController();
  const polls = functions.flatMap((hosted) => {
    const own = queues.get(hosted.entry.name);
    return own ? [pollQueue(client, own.url, hosted, controller.signal)] : [];
  });
  return async () => {
    controller.abort();
    await Promise.all(polls);
  };
}
