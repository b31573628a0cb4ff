import { sqsErrors } from './errors.ts';

/** SQS's limits. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
export const SQS_LIMITS = {
  /** 256 KiB until August 2025. For one message, and for all of a batch together. */
  maxMessageBytes: 1_048_576,
  maxBatchEntries: 10,
  maxVisibilitySeconds: 43_200,
  maxDelaySeconds: 900,
  maxWaitSeconds: 20,
};

/** @throws InvalidParameterValue, naming the parameter, its limits and the value received */
export function assertWithin(name: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return;
  throw sqsErrors.invalidParameter(
    `Value ${value} for parameter ${name} is invalid. Reason: Must be between ${min} and ${max}, if provided.`,
  );
}

const NOT_ALLOWED = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

/** @throws InvalidMessageContents for characters that XML does not have, InvalidParameterValue for an empty body */
export function assertMessageText(body: string): void {
  if (body === '') throw sqsErrors.invalidParameter('The request must contain the parameter MessageBody.');
  if (NOT_ALLOWED.test(body)) throw sqsErrors.invalidMessageContents();
}
