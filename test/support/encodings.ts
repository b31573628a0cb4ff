const perUnit = (write: (unit: string) => string) => (text: string) => Array.from(text, write).join('');
const hex = (unit: string, digits: number) => (unit.codePointAt(0) ?? 0).toString(16).padStart(digits, '0');
const shifted = (unit: string, from: string, to: number) =>
  String.fromCodePoint(to + (unit.codePointAt(0) ?? 0) - (from.codePointAt(0) ?? 0));
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** Ways to write a text so that its letters do not stand there: those that D5 names, and some of their kin. */
export const encodings: Readonly<Record<string, (text: string) => string>> = {
  'JSON in JSON': (text) => JSON.stringify({ a: JSON.stringify({ b: text }) }),
  'JSON in JSON in JSON in JSON': (text) => nested(text, 4),
  'URL encoding': encodeURIComponent,
  'URL encoding of every byte': (text) => Buffer.from(text).toString('hex').replaceAll(/../g, '%$&'),
  'URL encoding, twice': (text) => encodeURIComponent(encodeURIComponent(text)),
  'URL encoding, five times': (text) => [1, 2, 3, 4, 5].reduce((encoded) => encodeURIComponent(encoded), text),
  base64,
  'base64 without padding': (text) => base64(text).replaceAll('=', ''),
  'base64 of URLs': (text) => Buffer.from(text).toString('base64url'),
  'base64 in a data URL': (text) => `data:text/plain;base64,${base64(text)}`,
  'base64 in a path': (text) => `/files/v1/${Buffer.from(text).toString('base64url')}`,
  'base64 in lines': (text) => base64(text).replaceAll(/.{76}/g, '$&\r\n'),
  'base64 of JSON': (text) => base64(JSON.stringify({ text })),
  'base64, twice': (text) => base64(base64(text)),
  'zero-width spaces': perUnit((unit) => `${unit}\u200b`),
  'zero-width joiners': perUnit((unit) => `\u200d${unit}\u2060`),
  'byte order marks': perUnit((unit) => `${unit}\ufeff`),
  'soft hyphens': perUnit((unit) => `${unit}\u00ad`),
  '\\u escapes': perUnit((unit) => (unit.length > 1 ? unit : `\\u${hex(unit, 4)}`)),
  '\\u{} escapes': perUnit((unit) => `\\u{${hex(unit, 1)}}`),
  '\\x escapes': perUnit((unit) => (unit < '\u0080' ? `\\x${hex(unit, 2)}` : unit)),
  'decimal entities': perUnit((unit) => `&#${unit.codePointAt(0)};`),
  'hex entities': perUnit((unit) => `&#x${hex(unit, 1)};`),
  'full-width forms': perUnit((unit) =>
    unit === ' ' ? '\u3000' : /^[!-~]$/.test(unit) ? shifted(unit, '!', 0xff_01) : unit,
  ),
  'mathematical letters': perUnit((unit) =>
    /^[a-z]$/.test(unit)
      ? shifted(unit, 'a', 0x1_d4_1a)
      : /^[A-Z]$/.test(unit)
        ? shifted(unit, 'A', 0x1_d4_00)
        : /^\d$/.test(unit)
          ? shifted(unit, '0', 0x1_d7_ce)
          : unit,
  ),
};

function nested(text: string, depth: number): string {
  return depth === 0 ? text : JSON.stringify({ a: nested(text, depth - 1) });
}
