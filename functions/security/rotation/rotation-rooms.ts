import type { SecretVersions } from '#platform/aws/secret-versions.ts';
import type { Clock } from '#platform/clock.ts';
import { ConfigurationError } from '#platform/errors.ts';
import type { Log } from '#platform/log.ts';
import type { Platform } from '#platform/platform.ts';
import { createOpenAiAdmin, type OpenAiAdmin } from '#upstream/openai-admin.ts';
import { readStoredKey } from '#upstream/stored-key.ts';
import { createKeyBook, type KeyBook } from './key-book.ts';
import { tryKey, type KeyTrial } from './try-key.ts';

/** What the steps of a rotation work with. */
export interface RotationRooms {
  readonly versions: SecretVersions;
  /** The Admin API, with the admin key as it is now. @throws ConfigurationError when the key has not been set */
  readonly openAdmin: () => Promise<OpenAiAdmin>;
  readonly book: KeyBook;
  /** Makes a real call with a key. */
  readonly tryKey: (value: string) => Promise<KeyTrial>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Nothing is asked before it is needed: a step that has nothing to do works before the admin key has been set. */
export function openRotationRooms(platform: Platform): RotationRooms {
  const { config, dynamo, secretVersions: versions, clock, random, log } = platform;
  const { adminSecretId, adminBaseUrl } = config.rotation;
  const openAdmin = async () => {
    const stored = await versions.at(adminSecretId, 'AWSCURRENT');
    const adminKey = stored && readStoredKey(stored.value).value;
    if (!adminKey) throw new ConfigurationError(`the secret ${adminSecretId} holds no admin key`);
    return createOpenAiAdmin(adminBaseUrl, adminKey);
  };
  return {
    versions,
    openAdmin,
    book: createKeyBook(dynamo, config.tables.ledger),
    tryKey: (value) => tryKey(value, { baseUrl: config.openaiBaseUrl, clock, random }),
    clock,
    log,
  };
}
