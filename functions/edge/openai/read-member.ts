import { isRawJson } from '#platform/raw-json.ts';
import { isJsonObject } from '#protocol/pass-content.ts';
import type { JsonObject } from '#protocol/request.ts';
import { refuseValue } from './refuse.ts';

// What OpenAI takes as absent, it takes as null too.

/** A member that is true or false. @throws InvalidRequest for anything else but null */
export function readFlag(body: JsonObject, name: string): boolean {
  const given = body[name] ?? false;
  return typeof given === 'boolean' ? given : refuseValue(name, 'be true or false', given);
}

/** A text. @throws InvalidRequest for anything else but null, and for one that is too long */
export function readText(body: JsonObject, name: string, mostChars = Infinity): string | undefined {
  const given = body[name] ?? undefined;
  if (given === undefined) return undefined;
  if (typeof given !== 'string') return refuseValue(name, 'be a text', given);
  if (given.length <= mostChars) return given;
  return refuseValue(name, `be at most ${mostChars} characters long`, given);
}

/** An object. @throws InvalidRequest for anything else but null */
export function readObject(body: JsonObject, name: string, place = name): JsonObject | undefined {
  const given = body[name] ?? undefined;
  if (given === undefined || isJsonObject(given)) return given;
  return refuseValue(place, 'be an object', given);
}

/** A whole number within limits. @throws InvalidRequest for anything else but null */
export function readCount(body: JsonObject, name: string, least: number, most: number): number | undefined {
  const given = body[name] ?? undefined;
  if (given === undefined) return undefined;
  const count = isRawJson(given) ? Number(given.rawJSON) : given;
  if (typeof count === 'number' && Number.isInteger(count) && count >= least && count <= most) return count;
  const isFraction = typeof count !== 'number' || !Number.isInteger(count);
  const range = `from ${least.toLocaleString('en-US')} to ${most.toLocaleString('en-US')}`;
  return refuseValue(name, `be ${isFraction ? 'a whole number ' : ''}${range}`, given);
}

/** A body without some of its members. */
export function without(body: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !names.includes(name)));
}
