import type { Clock } from '#platform/clock.ts';
import { createOpenAiClient } from '#upstream/openai-client.ts';

/** Whether a key opens the API; where it does not, what the API said, without any word of its message. */
export type KeyTrial = { readonly works: true } | { readonly works: false; readonly reason: string };

export interface TryKeyOptions {
  readonly baseUrl: string;
  readonly clock: Clock;
  readonly random: () => number;
}

/** A new key may take some seconds until it works everywhere. */
const TRIES = 5;
const FIRST_WAIT_MS = 1_000;
const TIMEOUT_MS = 10_000;

/** Asks for the list of models with a key: a call that needs one, and costs nothing. Waits with full jitter between tries. */
export async function tryKey(value: string, { baseUrl, clock, random }: TryKeyOptions): Promise<KeyTrial> {
  const keys = { current: async () => ({ value, version: 'pending' }), refused: async () => false };
  const client = createOpenAiClient(baseUrl, keys);
  let reason = '';
  for (let tried = 1; tried <= TRIES; tried++) {
    try {
      await client.get('/models', { timeout: TIMEOUT_MS });
      return { works: true };
    } catch (error) {
      const { status } = error as { status?: unknown };
      reason = typeof status === 'number' ? `the API answered ${status}` : 'the API did not answer';
    }
    if (tried < TRIES) await pause(clock, random() * FIRST_WAIT_MS * 2 ** (tried - 1));
  }
  return { works: false, reason };
}

function pause(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => void clock.startTimer(resolve, delayMs));
}
