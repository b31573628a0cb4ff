import type { JsonService } from './json-service.ts';

/** The one call of SQS that a function makes: receiving and deleting are done by Lambda's own poller. */
export interface Sqs {
  /** Puts one message on a queue. @throws AwsServiceError */
  send(queueUrl: string, body: string): Promise<void>;
}

/** SQS over the JSON protocol. */
export function createSqs(sendRequest: JsonService): Sqs {
  return {
    async send(queueUrl, body) {
      await sendRequest('SendMessage', { QueueUrl: queueUrl, MessageBody: body });
    },
  };
}
