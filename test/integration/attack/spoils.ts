import * as fc from 'fast-check';
import { objectsIn, placesIn, withMember } from './places.ts';
import { strangeText, strangeValue } from './strange.ts';
import type { Target } from './targets.ts';

/** Makes a body that may still be good into one that is not, by one thing that any reader has to see. */
export type Spoil = (body: unknown, target: Target) => Buffer;

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const asObject = (body: unknown) => (objectsIn(body)[0]?.field === '' ? (body as object) : {});

/** The whole is an object, so that its end is missing. */
const cutShort: fc.Arbitrary<Spoil> = fc.nat().map((cut) => (body) => {
  const bytes = json(asObject(body));
  return bytes.subarray(0, cut % bytes.byteLength);
});

const moreBehind: fc.Arbitrary<Spoil> = fc
  .oneof(
    fc.stringMatching(/^[\]}:a-z"',]{1,5}$/).map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from([0xff, ...bytes])),
  )
  .map((more) => (body) => Buffer.concat([json(body), more]));

const bytesAlone: fc.Arbitrary<Spoil> = fc
  .uint8Array({ maxLength: 200 })
  .map((bytes) => () => Buffer.from([0xfe, ...bytes]));

const noObject: fc.Arbitrary<Spoil> = strangeValue
  .filter((value) => typeof value !== 'object' || value === null || Array.isArray(value))
  .map((value) => () => json(value));

const hostileName: fc.Arbitrary<Spoil> = fc
  .record({ at: fc.nat(), name: fc.constantFrom('__proto__', 'constructor', 'prototype'), value: strangeValue })
  .map(({ at, name, value }) => (body) => {
    const objects = objectsIn(asObject(body));
    const place = objects[at % objects.length]!;
    return json(place.put(withMember(place.value as object, name, value)));
  });

/** Members that are refused by name on a compatible route; elsewhere any is that nobody knows. */
const ESCAPES = ['base_url', 'API-KEY', 'api_base', 'extraHeaders', 'Host', 'proxy', 'organization'];

const memberTooMany: fc.Arbitrary<Spoil> = fc
  .record({ text: strangeText, escape: fc.constantFrom(...ESCAPES), value: strangeValue })
  .map(({ text, escape, value }) => (body, { kind }) => {
    return json(withMember(asObject(body), kind === 'compatible' ? escape : `${text} that nobody knows`, value));
  });

/** Where bytes are put that JSON.stringify would not write. */
const MARK = 'a place for bytes';

/** In the middle of a text, where there is one. */
const noUtf8: fc.Arbitrary<Spoil> = fc
  .record({ at: fc.nat(), bytes: fc.constantFrom([0x80], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xff]) })
  .map(({ at, bytes }) => (body) => {
    const texts = placesIn(asObject(body)).filter(({ value }) => typeof value === 'string');
    const marked = texts.length === 0 ? MARK : JSON.stringify(texts[at % texts.length]!.put(MARK));
    const [before = '', after = ''] = marked.split(MARK);
    return Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
  });

const tooDeep: fc.Arbitrary<Spoil> = fc.constantFrom('[', '{"a":').map((open) => (body) => {
  const deep = `${open.repeat(65)}1${(open === '[' ? ']' : '}').repeat(65)}`;
  const text = JSON.stringify(asObject(body)).slice(0, -1);
  return Buffer.from(`${text}${text === '{' ? '' : ','}"x":${deep}}`);
});

/** Any of them; more often those that a body survives but for one check. */
export const spoil: fc.Arbitrary<Spoil> = fc.oneof(
  cutShort,
  moreBehind,
  bytesAlone,
  noObject,
  { weight: 4, arbitrary: hostileName },
  { weight: 3, arbitrary: memberTooMany },
  { weight: 3, arbitrary: noUtf8 },
  { weight: 2, arbitrary: tooDeep },
);
