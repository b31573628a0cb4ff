import type { JsonObject, PassRequest } from '#protocol/request.ts';
import type { PassOptions } from './pass-options.ts';
import { readCount } from './read-member.ts';
import { refuse, refuseValue } from './refuse.ts';
import { streamOptions, wantsUsage } from './stream-options.ts';
import { readWritingRequest } from './writing-request.ts';

/** OpenAI's own limit. */
const MAX_CHOICES = 128;

/** A request to Chat Completions. @throws as `readPassRequest` */
export function readChatRequest(given: JsonObject, options: PassOptions): PassRequest {
  const { messages } = given;
  if (messages === undefined) refuse('messages', 'is required (an array)');
  if (!Array.isArray(messages)) refuseValue('messages', 'be an array', messages);
  const choices = readCount(given, 'n', 1, MAX_CHOICES) ?? 1;
  const request = { ...readWritingRequest('chat/completions', given, options), choices };
  if (!request.isStream) return request;
  const body = { ...request.body, stream_options: streamOptions(given) };
  return { ...request, body, wantsUsage: wantsUsage(given) };
}
