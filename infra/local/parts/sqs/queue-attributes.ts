import * as z from 'zod';
import { sqsErrors } from './errors.ts';
import { SQS_LIMITS } from './limits.ts';

/** The settings of a queue, as strings by AWS's names. What was never set is absent. */
export type QueueAttributes = Readonly<Record<string, string>>;

interface NumericAttribute {
  min: number;
  max: number;
  byDefault: number;
}

const NUMERIC: Readonly<Record<string, NumericAttribute>> = {
  DelaySeconds: { min: 0, max: SQS_LIMITS.maxDelaySeconds, byDefault: 0 },
  MaximumMessageSize: { min: 1024, max: SQS_LIMITS.maxMessageBytes, byDefault: SQS_LIMITS.maxMessageBytes },
  MessageRetentionPeriod: { min: 60, max: 1_209_600, byDefault: 345_600 },
  ReceiveMessageWaitTimeSeconds: { min: 0, max: SQS_LIMITS.maxWaitSeconds, byDefault: 0 },
  VisibilityTimeout: { min: 0, max: SQS_LIMITS.maxVisibilitySeconds, byDefault: 30 },
};
/** Kept and returned, without an effect on this machine. */
const KEPT = new Set([
  'KmsDataKeyReusePeriodSeconds',
  'KmsMasterKeyId',
  'Policy',
  'RedriveAllowPolicy',
  'SqsManagedSseEnabled',
]);

const redrivePolicy = z.object({
  deadLetterTargetArn: z.string(),
  maxReceiveCount: z.coerce.number().int().min(1).max(1000),
});
/** Where a message goes that was received `maxReceiveCount` times without being deleted. */
export type RedrivePolicy = z.infer<typeof redrivePolicy>;

/** A queue's number by its AWS name, or its default. */
export function numberOf(attributes: QueueAttributes, name: string): number {
  return Number(attributes[name] ?? NUMERIC[name]?.byDefault);
}

/** The numeric attributes of every queue, set or by default, as strings. */
export function withDefaults(attributes: QueueAttributes): QueueAttributes {
  const defaults = Object.entries(NUMERIC).map(([name, { byDefault }]) => [name, String(byDefault)]);
  return { ...Object.fromEntries(defaults), ...attributes };
}

/** The queue's redrive policy, if it has one. */
export function redrivePolicyOf(attributes: QueueAttributes): RedrivePolicy | undefined {
  const text = attributes['RedrivePolicy'];
  return text ? redrivePolicy.parse(JSON.parse(text)) : undefined;
}

/**
 * Checks what a caller wants to set. An empty RedrivePolicy removes the policy, as it does at AWS.
 * @param arnExists whether a queue of that ARN is here, for the dead letter queue must be there first
 * @throws InvalidAttributeName, InvalidAttributeValue, or InvalidParameterValue for a redrive policy that cannot work
 */
export function assertAttributes(attributes: QueueAttributes, arnExists: (arn: string) => boolean): void {
  for (const [name, value] of Object.entries(attributes)) {
    const numeric = Object.hasOwn(NUMERIC, name) ? NUMERIC[name] : undefined;
    if (numeric) {
      const isWithin = /^\d+$/.test(value) && Number(value) >= numeric.min && Number(value) <= numeric.max;
      if (!isWithin) throw sqsErrors.invalidAttributeValue(name);
    } else if (name === 'RedrivePolicy') {
      if (value !== '') assertRedrivePolicy(value, arnExists);
    } else if (name === 'FifoQueue') {
      throw sqsErrors.unsupported("Weir's local SQS has standard queues only.");
    } else if (!KEPT.has(name)) {
      throw sqsErrors.invalidAttributeName(name);
    }
  }
}

function assertRedrivePolicy(value: string, arnExists: (arn: string) => boolean): void {
  const invalid = (reason: string) =>
    sqsErrors.invalidParameter(`Value ${value} for parameter RedrivePolicy is invalid. Reason: ${reason}`);
  let policy: RedrivePolicy;
  try {
    policy = redrivePolicy.parse(JSON.parse(value));
  } catch {
    throw invalid('needs deadLetterTargetArn and maxReceiveCount from 1 to 1000.');
  }
  if (!arnExists(policy.deadLetterTargetArn)) throw invalid('Dead letter target does not exist.');
}
