import type { JsonService } from './json-service.ts';

/** The calls of SQS that a function makes: receiving and deleting are done by Lambda's own poller. */
export interface Sqs {
  /** Puts one message on a queue, with text attributes beside the body. @throws AwsServiceError */
  send(queueUrl: string, body: string, attributes?: Readonly<Record<string, string>>): Promise<void>;
  /** Lets a received message be seen again after so many seconds from now. @throws AwsServiceError */
  showAgainIn(queueUrl: string, receiptHandle: string, seconds: number): Promise<void>;
}

/** SQS's limit of a message: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
export const MAX_MESSAGE_BYTES = 1_048_576;

/** SQS over the JSON protocol. */
export function createSqs(sendRequest: JsonService): Sqs {
  return {
    async send(queueUrl, body, attributes = {}) {
      const texts = Object.entries(attributes).map(([name, text]) => [name, { DataType: 'String', StringValue: text }]);
      const MessageAttributes = Object.fromEntries(texts) as object;
      await sendRequest('SendMessage', { QueueUrl: queueUrl, MessageBody: body, MessageAttributes });
    },
    async showAgainIn(queueUrl, receiptHandle, seconds) {
      const input = { QueueUrl: queueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout: seconds };
      await sendRequest('ChangeMessageVisibility', input);
    },
  };
}

/**
 * A document as a message's body. SQS takes only what XML can carry: U+FFFE and U+FFFF, which JSON allows inside strings
 * alone, stand there as escapes, which mean the same.
 */
export function toMessageBody(document: unknown): string {
  return JSON.stringify(document).replaceAll(/[\uFFFE\uFFFF]/g, (char) => `\\u${char.charCodeAt(0).toString(16)}`);
}
