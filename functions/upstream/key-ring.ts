import type { SecretsManager } from '#platform/aws/secrets-manager.ts';
import type { Clock } from '#platform/clock.ts';
import { ConfigurationError, WeirError } from '#platform/errors.ts';
import type { Log } from '#platform/log.ts';
import { readStoredKey } from './stored-key.ts';

/** A key and the secret's version that it came from. The version may be logged, the value never. */
export interface UpstreamKey {
  readonly value: string;
  readonly version: string;
}

/** The key for OpenAI, kept in memory and never out of date for long. */
export interface KeyRing {
  /** The key to use now. @throws ConfigurationError, or `key_unavailable` (503) when there is none in memory and none can be read */
  current(): Promise<UpstreamKey>;
  /**
   * OpenAI refused a key. Reads the secret anew, once for any number of refusals. True: trying once more is worth it.
   */
  refused(version: string): Promise<boolean>;
}

export interface KeyRingOptions {
  readonly secrets: SecretsManager;
  readonly secretId: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** A key is read again after this long, give or take a tenth. @default 5 minutes */
  readonly ttlMs?: number;
  /** While Secrets Manager is down, a key serves up to this age. @default 6 hours */
  readonly staleLimitMs?: number;
  /** After a re-read that brought the same key, refusals do not read again for this long. @default 30 seconds */
  readonly rereadPauseMs?: number;
}

interface Held {
  readonly key: UpstreamKey;
  readonly readAtMs: number;
  readonly freshUntilMs: number;
}

/** After a failed refresh the old key serves for this long before the next try: an outage is not made worse by polling. */
const REFRESH_PAUSE_MS = 10_000;

export function createKeyRing(options: KeyRingOptions): KeyRing {
  const { secrets, secretId, clock, random, log } = options;
  const { ttlMs = 5 * 60_000, staleLimitMs = 6 * 3_600_000, rereadPauseMs = 30_000 } = options;
  let held: Held | undefined;
  let reading: Promise<Held> | undefined;
  /** The read under way was begun because a key was refused. */
  let isReread = false;
  let nextRereadAtMs = 0;

  const read = async (): Promise<Held> => {
    const secret = await secrets.currentValue(secretId);
    const key = { value: parseKey(secret.value, secretId), version: secret.versionId };
    const readAtMs = clock.nowMs();
    // Jitter: environments that started together shall not read together ever after.
    return (held = { key, readAtMs, freshUntilMs: readAtMs + ttlMs * (0.9 + 0.2 * random()) });
  };

  /** One read for all who ask at the same time. */
  const readOnce = (): Promise<Held> => {
    reading ??= read().finally(() => {
      reading = undefined;
      isReread = false;
    });
    return reading;
  };

  const keepServing = (old: Held, error: unknown): UpstreamKey => {
    log.error('the key could not be read again; the one in memory serves on', {
      alarm: 'key-stale',
      secretId,
      error,
      keyVersion: old.key.version,
    });
    held = { ...old, freshUntilMs: Math.min(clock.nowMs() + REFRESH_PAUSE_MS, old.readAtMs + staleLimitMs) };
    return old.key;
  };

  return {
    async current() {
      const now = clock.nowMs();
      if (held && now < held.freshUntilMs) return held.key;
      const old = held;
      try {
        return (await readOnce()).key;
      } catch (error) {
        if (old && now - old.readAtMs < staleLimitMs) return keepServing(old, error);
        if (error instanceof WeirError) throw error;
        log.error('the key could not be read, and none that may serve is in memory', {
          alarm: 'key-unavailable',
          secretId,
          error,
        });
        throw new WeirError('key_unavailable', 503, 'the key for the upstream cannot be read at the moment');
      }
    },
    async refused(version) {
      if (held && held.key.version !== version) return true;
      if (!reading && clock.nowMs() < nextRereadAtMs) return false;
      nextRereadAtMs = clock.nowMs() + rereadPauseMs;
      try {
        const joinedRefresh = reading !== undefined && !isReread;
        isReread ||= !reading;
        let { key } = await readOnce();
        // A refresh that was under way may have begun before the key was changed.
        if (joinedRefresh && key.version === version) {
          isReread = true;
          ({ key } = await readOnce());
        }
        // A key that is new may be refused in its turn, and has a re-read of its own.
        if (key.version !== version) nextRereadAtMs = 0;
        return true;
      } catch (error) {
        log.error('the key was refused and could not be read again', { secretId, error });
        return false;
      }
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
