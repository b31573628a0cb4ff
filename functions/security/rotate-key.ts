import { defineRotation, type RotationEvent } from '#edge/define-rotation.ts';
import { ConfigurationError } from '#platform/errors.ts';
import type { Platform } from '#platform/platform.ts';
import { openRotationRooms } from './rotation/rotation-rooms.ts';
import { createSecret, finishSecret, setSecret, testSecret } from './rotation/steps.ts';
import { tendKeys, type Tended } from './rotation/tend-keys.ts';

const STEPS = { createSecret, setSecret, testSecret, finishSecret };

/** Rotates OpenAI's keys in Secrets Manager's four steps, and revokes the old ones when their grace is over. */
export const { handler, spec } = defineRotation({
  summary: 'Rotates the OpenAI keys, and revokes the old ones after a grace period.',
  everyMinutes: 15,
  reads: ['ledger'],
  writes: ['ledger'],
  timeoutMs: 120_000,
  memoryMb: 256,
  async rotate({ Step: step, SecretId: secretId, ClientRequestToken: token }: RotationEvent, platform) {
    const project = platform.config.rotation.projects[secretId];
    if (project === undefined) throw new ConfigurationError(`no OpenAI project is set for the secret ${secretId}`);
    return STEPS[step](openRotationRooms(platform), { secretId, token, project });
  },
  tend,
});

/** Each secret by itself: what is wrong with one does not keep a key of another alive. */
async function tend(platform: Platform): Promise<Record<string, Tended>> {
  const projects = Object.entries(platform.config.rotation.projects);
  if (projects.length === 0) return {};
  const rooms = openRotationRooms(platform);
  const tended: Record<string, Tended> = {};
  for (const [secretId, project] of projects) {
    try {
      tended[secretId] = await tendKeys(rooms, secretId, project);
      platform.log.info('the keys of a secret were looked after', { secretId, ...tended[secretId] });
    } catch (error) {
      platform.log.error('the keys of a secret could not be looked after', { alarm: 'key-rotation', secretId, error });
    }
  }
  if (Object.keys(tended).length < projects.length) throw new Error('some secrets were not looked after');
  return tended;
}
