import type { Redaction, Redactor } from './redactor.ts';

/** Longer values are known by themselves or not at all. */
const MOST_NAMED_CHARS = 512;
const NAME = /(?:^|\.)([A-Za-z]\w{1,40})$/;
/** Members that hold ids, which look generated because they are. */
const ID = /^(?:\w+_)?id$/i;

/**
 * Masks a text that stands under a name: where nothing is found in it, as `name: "text"`, for a password is often known by its
 * name alone; and an id that only looks generated is none.
 * @param place ends in the name: `body.metadata.password`
 */
export function redactNamed(redactor: Redactor, text: string, place: string): Redaction {
  const name = NAME.exec(place)?.[1];
  const plain = redactor.redact(text);
  if (name === undefined) return plain;
  if (ID.test(name) && plain.found.every(({ kind }) => kind === 'GENERATED_SECRET')) return { text, found: [] };
  if (plain.found.length > 0 || text.length === 0 || text.length > MOST_NAMED_CHARS) return plain;
  const head = `${name}: "`;
  const within = redactor
    .redact(`${head}${text}"`)
    .found.filter(({ start, end }) => start >= head.length && end <= head.length + text.length);
  if (within.length === 0) return plain;
  const found = within.map(({ kind, start, end }) => ({ kind, start: start - head.length, end: end - head.length }));
  return { text: maskedAt(text, found), found };
}

function maskedAt(text: string, found: Redaction['found']): string {
  let masked = '';
  let from = 0;
  for (const { kind, start, end } of found) {
    masked += `${text.slice(from, start)}[${kind}]`;
    from = end;
  }
  return masked + text.slice(from);
}

/** A picture in base64 is no text, and a megabyte of it. */
export function isPicture(text: string): boolean {
  return /^data:image\/[\w.+-]{1,40};base64,/i.test(text);
}

/** Any other file in base64: nobody can look into it, and what is cut out of it breaks it. */
export function isFile(text: string): boolean {
  return /^data:[\w.+/-]{1,100}(?:;[\w.+=-]{1,100}){0,4};base64,/i.test(text) && !isPicture(text);
}
