import type { JsonObject } from '#protocol/request.ts';
import { readObject } from './read-member.ts';

/**
 * The options of a stream of Chat Completions: usage is always asked for, because the ledger bills by it.
 * @throws InvalidRequest for options that are no object
 */
export function streamOptions(body: JsonObject): JsonObject {
  return { ...readObject(body, 'stream_options'), include_usage: true };
}

/** Whether the caller asked for the usage chunk itself: one that it did not ask for is not shown to it. */
export function wantsUsage(body: JsonObject): boolean {
  return readObject(body, 'stream_options')?.['include_usage'] === true;
}
