import type { Platform } from '#platform/platform.ts';
import { entryHandler, type BufferedEntryHandler } from './entry-handler.ts';
import { errorPlace } from './error-place.ts';
import type { RotationSpec } from './specs.ts';

/** The steps of a rotation, in their order. */
export const ROTATION_STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
export type RotationStep = (typeof ROTATION_STEPS)[number];

/**
 * What Secrets Manager invokes the function with
 * (https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html).
 */
export interface RotationEvent {
  readonly Step: RotationStep;
  readonly SecretId: string;
  readonly ClientRequestToken: string;
}

export interface RotationDefinition extends Omit<RotationSpec, 'kind'> {
  /** One step. It may be repeated, also after it has been done. What it gives is for who drives it by hand. */
  readonly rotate: (event: RotationEvent, platform: Platform) => Promise<unknown>;
  /** What the clock starts: looking after the keys that rotations have left. */
  readonly tend: (platform: Platform) => Promise<unknown>;
}

/** What Lambda is told of a step that failed: the cause stands in a log line of our own, masked. */
export class RotationFailed extends Error {
  constructor(what: string) {
    super(`${what} failed; the log says why`);
    this.name = 'RotationFailed';
  }
}

/**
 * A function that rotates secrets, from its definition. It is one function for the steps and for what comes after them,
 * because it alone can read the key that makes keys.
 */
export function defineRotation({ rotate, tend, ...definition }: RotationDefinition): {
  readonly handler: BufferedEntryHandler;
  readonly spec: RotationSpec;
} {
  const handler = entryHandler(({ name, platform }) => async (event, context) => {
    const step = isRotationEvent(event) ? event : undefined;
    const requestId = context.awsRequestId;
    const terms = { requestId, rotation: name, ...(step && { step: step.Step, secretId: step.SecretId }) };
    try {
      if (!step) return await tend(platform);
      const outcome = await rotate(step, platform);
      platform.log.info('a step of a rotation is done', { ...terms, outcome });
      return outcome;
    } catch (error) {
      platform.log.error('a rotation failed', { ...terms, alarm: 'key-rotation', error, at: errorPlace(error) });
      throw new RotationFailed(step ? step.Step : 'looking after the keys');
    }
  });
  return { handler, spec: { ...definition, kind: 'rotation' } };
}

function isRotationEvent(event: unknown): event is RotationEvent {
  const { Step: step, SecretId: id, ClientRequestToken: token } = (event ?? {}) as Partial<RotationEvent>;
  return typeof id === 'string' && typeof token === 'string' && ROTATION_STEPS.some((known) => known === step);
}
