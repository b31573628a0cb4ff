import type { SecretsManager } from '#platform/aws/secrets-manager.ts';
import { ConfigurationError } from '#platform/errors.ts';
import type { KeySource } from './key-ring.ts';

/** A key as its secret holds it. */
export interface StoredKey {
  /** OpenAI's id of the key, by which it can be revoked. Absent where somebody put the bare key. */
  readonly id?: string;
  /** Without white space around it; empty where the secret holds no key. */
  readonly value: string;
}

/**
 * Reads a secret: the bare key, or JSON `{"id": …, "value": …}` as rotation writes it. White space around a key is the usual
 * accident of a pasted one, and is dropped.
 */
export function readStoredKey(secret: string): StoredKey {
  if (!secret.trimStart().startsWith('{')) return { value: secret.trim() };
  try {
    const { id, value } = JSON.parse(secret) as { id?: unknown; value?: unknown };
    const key = typeof value === 'string' ? value.trim() : '';
    return typeof id === 'string' ? { id, value: key } : { value: key };
  } catch {
    return { value: '' };
  }
}

/** What rotation puts into a secret; `readStoredKey` reads it. */
export function writeStoredKey(key: Required<StoredKey>): string {
  return JSON.stringify({ id: key.id, value: key.value });
}

/** A key out of Secrets Manager, whose versions are the key's. @throws ConfigurationError, without the value, for what is no key */
export function storedKeySource(secrets: SecretsManager, secretId: string): KeySource {
  return {
    id: secretId,
    async read() {
      const secret = await secrets.currentValue(secretId);
      return { value: parseKey(secret.value, secretId), version: secret.versionId };
    },
  };
}

/** Anything that a header cannot carry is an error of ours, for the SDK would print the key in its own. */
function parseKey(secret: string, secretId: string): string {
  const key = readStoredKey(secret).value;
  if (!/^[\x21-\x7e]+$/.test(key)) {
    const problem =
      key === '' ? 'is empty' : 'holds characters that no key has (white space, line breaks or non-ASCII)';
    throw new ConfigurationError(`the secret ${secretId} ${problem}`);
  }
  return key;
}
