import { readPassRequest } from '#edge/openai/read-pass-request.ts';
import { WeirError } from '#platform/errors.ts';
import type { CallerPolicy } from '#platform/principal.ts';
import type { PassApi, PassRequest } from '#protocol/request.ts';

/** A day on which all models that the tests name have their price. */
const NOW_MS = Date.parse('2026-11-22T12:00:00Z');
const LIMITS = { timeoutMs: 60_000, maxOutputTokens: 4_000, mostOutputTokens: 16_000 };

/** A body that each API takes, and nothing in it that need not be there. */
export const LEAST_BODY: Readonly<Record<PassApi, Readonly<Record<string, unknown>>>> = {
  'chat/completions': { model: 'gpt-6-luna', messages: [{ role: 'user', content: 'Hello' }] },
  responses: { model: 'gpt-6-luna', input: 'Hello' },
  embeddings: { model: 'text-embedding-3-small', input: 'Hello' },
  moderations: { model: 'omni-moderation-latest', input: 'Hello' },
};

/** Reads the API's least body with some members beside or in place of its own; those that are undefined are left out. */
export function readPass(
  api: PassApi,
  members: Readonly<Record<string, unknown>> = {},
  policy?: CallerPolicy,
): PassRequest {
  const given = Object.entries({ ...LEAST_BODY[api], ...members }).filter(([, member]) => member !== undefined);
  return readPassRequest(api, Object.fromEntries(given), { limits: LIMITS, policy, nowMs: NOW_MS });
}

/** What the same request is refused with. @throws Error when it is not */
export function refusalOf(...request: Parameters<typeof readPass>): WeirError {
  try {
    readPass(...request);
  } catch (error) {
    if (error instanceof WeirError) return error;
    throw error;
  }
  throw new Error('the request was not refused');
}
