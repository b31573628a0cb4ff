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
