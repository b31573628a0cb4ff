import { sqsEvent } from '#test/support/lambda-events.ts';
import type { QueueOutcome, WeirEnvironment } from '#test/support/weir-environment.ts';

/** A message as SQS delivers it: by the same id each time. */
export interface Delivery {
  /** SQS's own. */
  readonly messageId: string;
  readonly message: object;
  /** @default 1 */
  readonly receives?: number;
}

/** Hands messages to an endpoint's function in one event, and gives the ids of those that it returned. */
export async function deliver(
  environment: WeirEnvironment,
  entryName: string,
  ...deliveries: readonly Delivery[]
): Promise<readonly string[]> {
  const records = deliveries.map(({ messageId, message, receives = 1 }) => {
    return { messageId, body: JSON.stringify(message), receives };
  });
  const raw = (await environment.invoke(entryName, sqsEvent(records))) as QueueOutcome['raw'];
  return raw.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}
