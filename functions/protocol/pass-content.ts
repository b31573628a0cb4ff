import { isRawJson } from '#platform/raw-json.ts';
import type { JsonObject } from './request.ts';

/** The members of a request's body that hold schemas, names and marks: nothing in them is shown to the model as a picture. */
const DATA_MEMBERS = new Set([
  'tools',
  'functions',
  'tool_choice',
  'function_call',
  'text',
  'response_format',
  'metadata',
  'logit_bias',
  'stream_options',
  'prompt_cache_options',
]);

/** Members of the items of a conversation whose values are JSON of the caller's own making. */
const DATA_OF_ITEMS = new Set(['tools', 'arguments']);

/** Whether a member of a request's body, or of a part of its content, can itself hold parts of content. */
export function holdsContent(name: string, isOfBody: boolean): boolean {
  return !(isOfBody ? DATA_MEMBERS : DATA_OF_ITEMS).has(name);
}

/** Whether a part of a request's content is a picture; its address, if it has one, stands in `image_url`. */
export function isPicture(part: JsonObject): boolean {
  return part['type'] === 'image_url' || part['type'] === 'input_image';
}

/** An object of JSON: no array, no null, and no number that was kept as it was written. */
export function isJsonObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value) && !isRawJson(value);
}
