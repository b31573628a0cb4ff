import type { Clock } from '#platform/clock.ts';
import { WeirError } from '#platform/errors.ts';
import type { Log } from '#platform/log.ts';

/** A key and what tells it from the ones before and after it. The version may be logged, the value never. */
export interface UpstreamKey {
  readonly value: string;
  readonly version: string;
}

/** Where keys come from. */
export interface KeySource {
  /** What log lines call it. */
  readonly id: string;
  /** The key as it is now. One with an end is made by asking, and so is never the same twice. */
  read(): Promise<UpstreamKey & { readonly expiresAtMs?: number }>;
}

/** The key for OpenAI, kept in memory and never out of date for long. */
export interface KeyRing {
  /** The key to use now. @throws ConfigurationError, or `key_unavailable` (503) when there is none in memory and none can be read */
  current(): Promise<UpstreamKey>;
  /**
   * OpenAI refused a key. Reads it anew, once for any number of refusals. True: trying once more is worth it.
   */
  refused(version: string): Promise<boolean>;
}

export interface KeyRingOptions {
  readonly source: KeySource;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** A key without an end is read again after this long, give or take a tenth. @default 5 minutes */
  readonly ttlMs?: number;
  /** While its source is down, a key without an end serves up to this age. @default 6 hours */
  readonly staleLimitMs?: number;
  /** After a re-read that brought the same key, or one with an end, refusals do not read again for this long. @default 30 seconds */
  readonly rereadPauseMs?: number;
}

interface Held {
  readonly key: UpstreamKey;
  /** It is never the same twice. */
  readonly hasEnd: boolean;
  readonly freshUntilMs: number;
  readonly servesUntilMs: number;
}

/** After a failed refresh the old key serves for this long before the next try: an outage is not made worse by polling. */
const REFRESH_PAUSE_MS = 10_000;
/** So long before its end a key is read again, give or take a tenth, or at half of its life: while its source may be down. */
const EARLY_MS = 20 * 60_000;

export function createKeyRing(options: KeyRingOptions): KeyRing {
  const { source, clock, random, log } = options;
  const { ttlMs = 5 * 60_000, staleLimitMs = 6 * 3_600_000, rereadPauseMs = 30_000 } = options;
  let held: Held | undefined;
  let reading: Promise<Held> | undefined;
  /** The read under way was begun because a key was refused. */
  let isReread = false;
  let nextRereadAtMs = 0;

  const read = async (): Promise<Held> => {
    const { expiresAtMs, ...key } = await source.read();
    const nowMs = clock.nowMs();
    const leftMs = expiresAtMs === undefined ? staleLimitMs : expiresAtMs - nowMs;
    // Environments that started together shall not read together ever after.
    const jitter = 0.9 + 0.2 * random();
    const freshMs = expiresAtMs === undefined ? ttlMs * jitter : leftMs - Math.min(EARLY_MS, leftMs / 2) * jitter;
    const freshUntilMs = nowMs + freshMs;
    return (held = { key, hasEnd: expiresAtMs !== undefined, freshUntilMs, servesUntilMs: nowMs + leftMs });
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
      source: source.id,
      error,
      keyVersion: old.key.version,
    });
    held = { ...old, freshUntilMs: Math.min(clock.nowMs() + REFRESH_PAUSE_MS, old.servesUntilMs) };
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
        if (old && now < old.servesUntilMs) return keepServing(old, error);
        if (error instanceof WeirError) throw error;
        log.error('the key could not be read, and none that may serve is in memory', {
          alarm: 'key-unavailable',
          source: source.id,
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
        let { key, hasEnd } = await readOnce();
        // A refresh that was under way may have begun before the key was changed.
        if (joinedRefresh && key.version === version) {
          isReread = true;
          ({ key, hasEnd } = await readOnce());
        }
        // A key that is new may be refused in its turn, and has a re-read of its own.
        if (key.version !== version && !hasEnd) nextRereadAtMs = 0;
        return true;
      } catch (error) {
        log.error('the key was refused and could not be read again', { source: source.id, error });
        return false;
      }
    },
  };
}
