import type { JsonObject, PassRequest } from '#protocol/request.ts';
import { readObject } from './read-member.ts';
import { refuseValue } from './refuse.ts';

type Ttl = PassRequest['promptCacheTtl'];

/** OpenAI's words for a policy that bounds how long input may be kept; it has no price, for the longest is the default. */
const RETENTIONS: readonly unknown[] = ['in_memory', '24h'];

/**
 * How long a request asks its input to live in the prompt cache, which writing it is paid by; its breakpoints may ask for
 * more (`breakpointTtl`).
 *
 * @throws InvalidRequest for a time that has no price
 */
export function readPromptCacheTtl(body: JsonObject): Ttl {
  const retention = body['prompt_cache_retention'] ?? undefined;
  if (retention !== undefined && !RETENTIONS.includes(retention)) {
    refuseValue('prompt_cache_retention', 'be one of in_memory, 24h', retention);
  }
  const options = readObject(body, 'prompt_cache_options');
  return readTtl(options?.['ttl'], 'prompt_cache_options.ttl');
}

/** How long a part of the content asks to live in the prompt cache. @throws InvalidRequest for a time that has no price */
export function breakpointTtl(part: JsonObject, place: string): Ttl {
  const name = 'prompt_cache_breakpoint';
  return readTtl(readObject(part, name, `${place}.${name}`)?.['ttl'], `${place}.${name}.ttl`);
}

function readTtl(ttl: unknown, place: string): Ttl {
  if (ttl === undefined || ttl === null) return '30m';
  return ttl === '30m' || ttl === '12h' ? ttl : refuseValue(place, 'be one of 30m, 12h', ttl);
}
