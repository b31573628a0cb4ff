import { AwsError } from '../json-protocol-server.ts';

const LEGACY = 'AWS.SimpleQueueService';

/** SQS's errors, each with its JSON type and the code it had in the Query protocol, which the SDK reads from a header. */
export const sqsErrors = {
  noSuchQueue: () => sqsError('QueueDoesNotExist', 'The specified queue does not exist.', `${LEGACY}.NonExistentQueue`),
  queueNameExists: (attribute: string) =>
    sqsError(
      'QueueNameExists',
      `A queue already exists with the same name and a different value for attribute ${attribute}`,
      'QueueAlreadyExists',
    ),
  invalidParameter: (message: string) =>
    new AwsError('com.amazon.coral.service#InvalidParameterValueException', message, {
      queryCode: 'InvalidParameterValue',
    }),
  invalidAttributeName: (name: string) => sqsError('InvalidAttributeName', `Unknown Attribute ${name}.`),
  invalidAttributeValue: (name: string) =>
    sqsError('InvalidAttributeValue', `Invalid value for the parameter ${name}.`),
  invalidMessageContents: () =>
    sqsError(
      'InvalidMessageContents',
      'Invalid characters found. Valid characters: #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF',
    ),
  invalidReceiptHandle: () => sqsError('ReceiptHandleIsInvalid', 'The input receipt handle is invalid.'),
  notInFlight: () =>
    sqsError('MessageNotInflight', 'The message referred to is not in flight.', `${LEGACY}.MessageNotInflight`),
  emptyBatch: () =>
    sqsError('EmptyBatchRequest', 'There should be at least one entry in the request.', `${LEGACY}.EmptyBatchRequest`),
  tooManyEntries: (count: number) =>
    sqsError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are 10. You have sent ${count}.`,
      `${LEGACY}.TooManyEntriesInBatchRequest`,
    ),
  idsNotDistinct: (id: string) =>
    sqsError('BatchEntryIdsNotDistinct', `Id ${id} repeated.`, `${LEGACY}.BatchEntryIdsNotDistinct`),
  invalidBatchEntryId: () =>
    sqsError(
      'InvalidBatchEntryId',
      'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
      `${LEGACY}.InvalidBatchEntryId`,
    ),
  batchTooLong: (bytes: number, maxBytes: number) =>
    sqsError(
      'BatchRequestTooLong',
      `Batch requests cannot be longer than ${maxBytes} bytes. You have sent ${bytes} bytes.`,
      `${LEGACY}.BatchRequestTooLong`,
    ),
  unsupported: (message: string) => sqsError('UnsupportedOperation', message, `${LEGACY}.UnsupportedOperation`),
};

function sqsError(name: string, message: string, queryCode = name): AwsError {
  return new AwsError(`com.amazonaws.sqs#${name}`, message, { queryCode });
}
