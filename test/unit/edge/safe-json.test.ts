import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJsonBytes, parseLooseJsonBytes } from '#edge/safe-json.ts';
import { WeirError } from '#platform/errors.ts';
import { testKey } from '#test/support/test-key.ts';

const parse = (text: string) => parseJsonBytes(Buffer.from(text));

function errorOf(bytes: Uint8Array): WeirError {
  try {
    parseJsonBytes(bytes);
  } catch (error) {
    if (error instanceof WeirError) return error;
  }
  throw new Error('no WeirError was thrown');
}

test('any JSON value reads as it was written', () => {
  fc.assert(
    fc.property(
      fc.jsonValue({ maxDepth: 10 }).filter((value) => !/__proto__|constructor|prototype/.test(JSON.stringify(value))),
      (value) => {
        expect(parse(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
      },
    ),
    { seed: 20_261_122 },
  );
});

test('64 levels are read, one more is refused', () => {
  const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  expect(parse(nested(64))).toBeDefined();
  expect(errorOf(Buffer.from(nested(65)))).toMatchObject({
    status: 400,
    message: 'body must be nested at most 64 levels deep',
  });
});

test('a byte-order mark is no JSON, and no UTF-16 is guessed', () => {
  for (const bytes of [Buffer.from('\ufeff{}'), Buffer.from('{}', 'utf16le')]) expect(errorOf(bytes).status).toBe(422);
});

test('D6 no error holds a piece of the body, nor the parser’s own error as its cause', () => {
  const key = testKey('json');
  for (const body of [`{"a":"${key}`, key, `{"a":1}${key}`, `{"${key}" 1}`, `["${key}",]`]) {
    const error = errorOf(Buffer.from(body));
    expect([error.status, error.cause]).toEqual([422, undefined]);
    expect(`${error.stack}${JSON.stringify(error)}`).not.toContain(key.slice(0, 10));
  }
  const invalid = errorOf(Buffer.concat([Buffer.from(key), Buffer.from([0xff])]));
  expect([invalid.message, invalid.cause]).toEqual(['the body is not valid UTF-8', undefined]);
});

test('I4 what was parsed has no prototype but Object’s own', () => {
  const value = parse('{"a":{"b":[]}}') as { a: object };
  expect([Object.getPrototypeOf(value), Object.getPrototypeOf(value.a)]).toEqual([Object.prototype, Object.prototype]);
});

test('a body that is passed on keeps the numbers that JavaScript would round, and is else read as any other', () => {
  const loose = (text: string) => parseLooseJsonBytes(Buffer.from(text));
  const body = '{"seed":9223372036854775807,"p":[0.1234567890123456789,1e400],"n":2,"text":"9223372036854775807"}';
  expect(JSON.stringify(loose(body))).toBe(body);
  // Each alone, for one such number has the whole body read again.
  for (const number of ['9007199254740993', '1234567.1234567891', '1e400', '-2E+999', '1e-400']) {
    expect(JSON.stringify(loose(`[1,${number}]`))).toBe(`[1,${number}]`);
  }
  fc.assert(
    fc.property(
      fc.jsonValue({ maxDepth: 10 }).filter((value) => !/__proto__|constructor|prototype/.test(JSON.stringify(value))),
      (value) => {
        const text = JSON.stringify(value);
        expect(JSON.stringify(loose(text))).toBe(JSON.stringify(JSON.parse(text)));
      },
    ),
    { seed: 20_261_122 },
  );
});

test('I4 hostile shapes are refused there too, whatever numbers stand beside them', () => {
  const number = '12345678901234567890';
  const loose = (text: string) => () => parseLooseJsonBytes(Buffer.from(text));
  expect(loose(`{"__proto__":{"a":${number}}}`)).toThrow('__proto__ is not allowed');
  expect(loose(`{"a":${number},"b":{"constructor":1}}`)).toThrow('constructor is not allowed');
  expect(loose(`${'['.repeat(65)}${number}${']'.repeat(65)}`)).toThrow('at most 64 levels');
  expect(loose(`${'['.repeat(100_000)}${number}${']'.repeat(100_000)}`)).toThrow('at most 64 levels');
  expect(loose(`${'['.repeat(63)}${number}${']'.repeat(63)}`)()).toBeDefined();
  expect(loose(`{"a":${number}`)).toThrow('the body is not valid JSON');
});
