import { holdsContent, isJsonObject, isPicture } from './pass-content.ts';
import type { JsonObject } from './request.ts';
import type { TextVisitor } from './text-place.ts';

/** Ends the place of a picture's address. No place without a picture can end so: names with other signs stand in it as `*`. */
export const PICTURE_MARK = '#picture';

const PLAIN_NAME = /^\w{1,40}$/;

/** What is being walked over: `body` itself, something the model may be shown as content, or plain data. */
type Ground = 'body' | 'content' | 'data';

/**
 * Every text of a body that is passed on, at `body.<path>`, names of members included: the model reads those of a schema too,
 * and a secret may be one. Only `model` is no text.
 */
export function mapPassTexts(body: JsonObject, visit: TextVisitor): JsonObject {
  return mapMembers(body, 'body', 'body', visit);
}

function map(value: unknown, place: string, ground: Ground, visit: TextVisitor): unknown {
  if (typeof value === 'string') return visit(value, place);
  if (Array.isArray(value)) return value.map((item, index) => map(item, `${place}.${index}`, ground, visit));
  return isJsonObject(value) ? mapMembers(value, place, ground, visit) : value;
}

function mapMembers(object: JsonObject, place: string, ground: Ground, visit: TextVisitor): JsonObject {
  const picture = ground === 'content' && isPicture(object);
  return Object.fromEntries(
    Object.entries(object).map(([name, member]) => {
      if (ground === 'body' && name === 'model') return [name, member];
      const memberPlace = `${place}.${PLAIN_NAME.test(name) ? name : '*'}`;
      const below = ground !== 'data' && holdsContent(name, ground === 'body') ? 'content' : 'data';
      const mapped =
        picture && name === 'image_url'
          ? mapAddress(member, memberPlace, visit)
          : map(member, memberPlace, below, visit);
      return [visit(name, place), mapped];
    }),
  );
}

/** A picture's address: a text, or (in Chat Completions) the `url` of an object. */
function mapAddress(address: unknown, place: string, visit: TextVisitor): unknown {
  if (typeof address === 'string') return visit(address, place + PICTURE_MARK);
  if (!isJsonObject(address) || typeof address['url'] !== 'string') return map(address, place, 'data', visit);
  const { url, ...others } = address;
  return { ...mapMembers(others, place, 'data', visit), url: visit(url, `${place}.url${PICTURE_MARK}`) };
}
