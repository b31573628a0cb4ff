import { InvalidRequest, MalformedBody } from '#platform/errors.ts';
import { parseKeepingNumbers } from '#platform/raw-json.ts';

const MAX_DEPTH = 64;
/** No honest body has more; each costs a function time before anything is known of its sense. */
const MAX_VALUES = 1_000_000;
/** The same where each of them has to be looked at as it was written. */
const MAX_VALUES_WITH_LONG_NUMBERS = 200_000;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** What a number that JavaScript rounds has at least: sixteen digits, or three in its exponent. */
const LONG_NUMBER = /[\d.]{16}|\d[eE][+-]?\d{3}/;

/**
 * Bytes from outside as JSON. None of its errors quotes the body, nor keeps the parser's own error, whose message does (D6).
 *
 * @throws MalformedBody when the bytes are no UTF-8 or no JSON; InvalidRequest for keys that reach into prototypes, and for
 *   nesting and numbers of values that no honest request has
 */
export function parseJsonBytes(bytes: Uint8Array): unknown {
  return parseSafely(decode(bytes));
}

/**
 * The same for a body that is passed on: numbers that JavaScript would round stand in it as they were written
 * (`JSON.rawJSON`). Only a text that may have one is read a second time.
 */
export function parseLooseJsonBytes(bytes: Uint8Array): unknown {
  const text = decode(bytes);
  const value = parseSafely(text);
  if (!LONG_NUMBER.test(text)) return value;
  if (countOf(value) > MAX_VALUES_WITH_LONG_NUMBERS) {
    throw tooMany(MAX_VALUES_WITH_LONG_NUMBERS, ' where a number in it is a long one');
  }
  return parseKeepingNumbers(text);
}

function parseSafely(text: string): unknown {
  const value = parseJson(text);
  refuseHostileShape(value);
  return value;
}

function countOf(value: unknown): number {
  if (value === null || typeof value !== 'object') return 1;
  return Object.values(value).reduce<number>((sum, member) => sum + countOf(member), 1);
}

function tooMany(limit: number, when = ''): InvalidRequest {
  const message = `body must have at most ${limit.toLocaleString('en-US')} values${when}`;
  return new InvalidRequest([{ field: 'body', message }]);
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new MalformedBody('the body is not valid UTF-8');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new MalformedBody('the body is not valid JSON');
  }
}

/** Level by level, so that depth costs no stack. */
function refuseHostileShape(root: unknown): void {
  let level: unknown[] = [root];
  let values = 0;
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) {
      throw new InvalidRequest([{ field: 'body', message: `body must be nested at most ${MAX_DEPTH} levels deep` }]);
    }
    values += level.length;
    if (values > MAX_VALUES) throw tooMany(MAX_VALUES);
    const next: unknown[] = [];
    for (const value of level) {
      if (value === null || typeof value !== 'object') continue;
      const key = Object.keys(value).find((name) => FORBIDDEN_KEYS.has(name));
      if (key !== undefined)
        throw new InvalidRequest([{ field: key, message: `${key} is not allowed as a field's name` }]);
      for (const member of Object.values(value)) next.push(member);
    }
    level = next;
  }
}
