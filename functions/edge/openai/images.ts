import { isJsonObject, isPicture } from '#protocol/pass-content.ts';
import type { JsonObject } from '#protocol/request.ts';
import { imageUrlFault } from '../image-url.ts';
import { refuse, refuseValue } from './refuse.ts';

/** `auto` and `original` may cost twelve times as much as `high`, whose cost is bounded. */
const UNBOUNDED: readonly unknown[] = [undefined, null, 'auto', 'original'];
const BOUNDED: readonly unknown[] = ['low', 'high'];

/**
 * A picture with its detail named, so that its cost is bounded; any other part as it is. Chat Completions has address and
 * detail in an object, Responses beside each other.
 *
 * @throws InvalidRequest for an address that leads inwards (I2), or for none at all
 */
export function boundPicture(part: JsonObject, place: string): JsonObject {
  if (!isPicture(part)) return part;
  if (part['type'] === 'image_url') {
    const image = readImage(part, place);
    return { ...part, image_url: withDetail(image, `${place}.image_url`) };
  }
  const url = part['image_url'] ?? undefined;
  if (url !== undefined || typeof part['file_id'] !== 'string') refuseAddress(url, `${place}.image_url`);
  return withDetail(part, place);
}

/** The `image_url` of a part, of which no address that leads inwards is let through. @throws InvalidRequest */
export function readImage(part: JsonObject, place: string): JsonObject {
  const image = part['image_url'];
  if (!isJsonObject(image)) return refuseValue(`${place}.image_url`, 'be an object', image);
  refuseAddress(image['url'], `${place}.image_url.url`);
  return image;
}

function refuseAddress(url: unknown, place: string): void {
  if (typeof url !== 'string') return refuseValue(place, 'be the address of a picture', url);
  const fault = imageUrlFault(url);
  if (fault !== undefined) refuse(place, fault);
}

function withDetail(holder: JsonObject, place: string): JsonObject {
  const detail = holder['detail'];
  if (UNBOUNDED.includes(detail)) return { ...holder, detail: 'high' };
  return BOUNDED.includes(detail) ? holder : refuseValue(`${place}.detail`, 'be one of low, high, auto', detail);
}
