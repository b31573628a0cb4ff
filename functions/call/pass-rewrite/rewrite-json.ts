import { isRawJson, parseKeepingNumbers } from '#platform/raw-json.ts';
import type { JsonObject } from '#protocol/request.ts';
import type { Ground } from '#redaction/call-masks.ts';
import type { Rewriting } from './rewriting.ts';

/** Members that the machinery reads and no model wrote, and those that hold pictures, sound and what is encrypted. */
const FIXED =
  /^(?:id|\w+_id|object|type|model|role|status|finish_reason|system_fingerprint|service_tier|obfuscation|embedding|data|b64_json|result|partial_image_b64|encrypted_content)$/;

/** Members of a whole reply that the model wrote. */
const WRITTEN: ReadonlySet<string> = new Set(['choices', 'output', 'output_text']);

/**
 * A reply that is JSON, with its texts rewritten. All else stays: ids, names, numbers as they are written, members that are not
 * known yet. Where no text changes it is the same text.
 *
 * @throws SyntaxError for what is no JSON
 */
export function rewritePassReply(text: string, rewriting: Rewriting): string {
  const reply = parseKeepingNumbers(text);
  const rewritten = rewriteEvent(reply, rewriting);
  return rewritten === reply ? text : JSON.stringify(rewritten);
}

/** A reply, or an event that holds one, or a part of one, whole. The same value where nothing changes. */
export function rewriteEvent(value: unknown, rewriting: Rewriting): unknown {
  if (!isObject(value)) return value;
  const isReply = Array.isArray(value['output']) || Array.isArray(value['choices']);
  return mapMembers(value, (member, name) => {
    if (name === 'response') return rewriteEvent(member, rewriting);
    return rewriting.isOneWay && isReply && !WRITTEN.has(name) ? member : rewriteMember(member, name, value, rewriting);
  });
}

function rewriteMember(value: unknown, name: string, parent: JsonObject, rewriting: Rewriting): unknown {
  if (typeof value === 'string') {
    if (FIXED.test(name) || (name === 'name' && rewriting.isOneWay)) return value;
    return rewriting.whole(value, groundOf(name, parent, rewriting));
  }
  if (name === 'logprobs' && rewriting.isOneWay) return withoutLikelihoods(value);
  if (Array.isArray(value)) return mapItems(value, (item) => rewriteMember(item, name, parent, rewriting));
  if (!isObject(value)) return value;
  const mapped = mapMembers(value, (member, inner) => rewriteMember(member, inner, value, rewriting));
  return rewriting.isOneWay ? mapped : withNames(mapped, rewriting);
}

/** The tokens of an answer spell it: none is told of a text that is masked. */
function withoutLikelihoods(logprobs: unknown): unknown {
  if (Array.isArray(logprobs)) return logprobs.length === 0 ? logprobs : [];
  return null;
}

/** The answer stands in a message's `content`, in parts of type `output_text`, and in that member and event. */
function groundOf(name: string, { type, role }: JsonObject, { answerGround }: Rewriting): Ground {
  if (name === 'arguments') return 'json';
  const isAnswer =
    name === 'output_text' ||
    (name === 'content' && role === 'assistant') ||
    (name === 'text' && (type === 'output_text' || type === 'response.output_text.done'));
  return isAnswer ? answerGround : 'text';
}

/** Names of members were masked in the request, too: those of a schema that the reply repeats. */
function withNames(object: JsonObject, rewriting: Rewriting): JsonObject {
  if (!Object.keys(object).some((name) => name.includes('['))) return object;
  return Object.fromEntries(Object.entries(object).map(([name, member]) => [rewriting.whole(name, 'text'), member]));
}

function mapMembers(object: JsonObject, map: (member: unknown, name: string) => unknown): JsonObject {
  const mapped = Object.entries(object).map(([name, member]) => [name, map(member, name)] as const);
  return mapped.some(([name, member]) => member !== object[name]) ? Object.fromEntries(mapped) : object;
}

/** The items as they are mapped; the same array where none changes. */
export function mapItems(items: readonly unknown[], map: (item: unknown) => unknown): readonly unknown[] {
  const mapped = items.map(map);
  return mapped.some((item, index) => item !== items[index]) ? mapped : items;
}

/** A JSON object that is none of the numbers kept as they were written. */
export function isObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value) && !isRawJson(value);
}
