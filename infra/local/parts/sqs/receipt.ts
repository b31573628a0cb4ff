import { sqsErrors } from './errors.ts';

/** A receipt handle names its queue, its message, and the one receive that it stands for. */
export function formatReceipt(queueName: string, messageId: string, receiveId: string): string {
  return Buffer.from([queueName, messageId, receiveId].join('/')).toString('base64url');
}

/** @throws ReceiptHandleIsInvalid for anything that this queue did not hand out */
export function parseReceipt(receipt: string, queueName: string): { messageId: string } {
  const [queue, messageId, receiveId, ...rest] = Buffer.from(receipt, 'base64url').toString().split('/');
  if (queue !== queueName || !messageId || !receiveId || rest.length > 0) throw sqsErrors.invalidReceiptHandle();
  return { messageId };
}
