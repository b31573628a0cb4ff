import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Detector } from '#redaction/detector.ts';
import { createRedactor } from '#redaction/redactor.ts';

const redactor = createRedactor();
const redact = (text: string) => redactor.redact(text);

/** One secret of each kind, made from parts so that no file holds one whole. */
const secrets: Readonly<Record<string, string>> = {
  OPENAI_KEY: ['sk', 'proj', 'Zq8vN2rT6yB1mK4xW9cL3pD7'].join('-'),
  WEIR_KEY: ['weir', '9f1c7be04d2a8e6f9f1c7be04d2a8e6f'].join('_'),
  AWS_ACCESS_KEY: ['AKIA', 'Q3EGVZ7LXW5NT2RB'].join(''),
  GITHUB_TOKEN: ['ghp', 'k2Vb9QxT4mNz7RcW1yLd8FsJ5hPg3aUe6oSi'].join('_'),
  SLACK_TOKEN: ['xoxb', '918273645546', 'kQwZmXnVbTrYpLcD'].join('-'),
  STRIPE_KEY: ['sk', 'live', 'k2Vb9QxT4mNz7RcW1yLd8FsJ'].join('_'),
  GOOGLE_API_KEY: ['AIza', 'k2Vb9QxT4mNz7RcW1yLd8FsJ5hPg3aUe6oS'].join(''),
  JWT: ['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiIxMjM0NTY3ODkwIn0', 'k2Vb9QxT4mNz7RcW1yLd8FsJ'].join('.'),
  PRIVATE_KEY: ['-----BEGIN RSA PRIVATE', `KEY-----\n${'MIIEabc+/9'.repeat(7)}\n-----END RSA PRIVATE`, 'KEY-----'].join(
    ' ',
  ),
};

test.each(Object.entries(secrets))(
  'D2 %s is found wherever it stands between other words, and nothing of it remains',
  (kind, secret) => {
    const around = fc.string({ unit: fc.constantFrom(' ', 'ä', ',', '(', ')', '\n', '€', '=', '"') });
    fc.assert(
      fc.property(around, around, (before, after) => {
        const { text, found } = redact(`${before} ${secret} ${after}`);
        expect(text).toBe(`${before} [${kind}] ${after}`);
        expect(found).toEqual([{ kind, start: before.length + 1, end: before.length + 1 + secret.length }]);
      }),
      { seed: 20_261_122, numRuns: 50 },
    );
  },
);

test('several in one text are all masked, and findings hold places and kinds, never values', () => {
  const all = Object.values(secrets).join(' and ');
  const { text, found } = redact(all);
  expect(text).toBe(
    Object.keys(secrets)
      .map((kind) => `[${kind}]`)
      .join(' and '),
  );
  for (const secret of Object.values(secrets)) expect(JSON.stringify(found)).not.toContain(secret);
});

/** A detector of what begins with a literal. */
function of(kind: string, literal: string, pattern: RegExp, category: Detector['category'] = 'secret'): Detector {
  return { kind, category, anchor: { literals: [literal] }, pattern, longest: 9, example: '' };
}

test('where two overlap, the one that starts first gives its kind, then the longer, and no end of either stays', () => {
  const set = [of('SHORT', 'a', /ab/y), of('LONG', 'a', /abc/y), of('LATE', 'b', /bcd/y)];
  expect(createRedactor(set).redact('abce abcd abd bcd')).toEqual({
    text: '[LONG]e [LONG] [SHORT]d [LATE]',
    found: [
      { kind: 'LONG', start: 0, end: 3 },
      { kind: 'LONG', start: 5, end: 9 },
      { kind: 'SHORT', start: 10, end: 12 },
      { kind: 'LATE', start: 14, end: 17 },
    ],
  });
});

test('a secret wins over personal data that lies within it or runs into it, and loses to what holds it whole', () => {
  const set = [
    of('NAME', 'b', /b(?:c|d{1,9})/y, 'personal'),
    of('KEY', 'a', /abc/y),
    of('WHOLE', 'x', /xabcx/y, 'personal'),
  ];
  const masked = (text: string) => createRedactor(set).redact(text).text;
  expect(masked('abc')).toBe('[KEY]');
  expect(masked('bc abc xabcx')).toBe('[NAME] [KEY] [WHOLE]');
  const same = [of('NAME', 'a', /abcd/y, 'personal'), of('KEY', 'a', /abc/y)];
  expect(createRedactor(same).redact('abcd').text).toBe('[KEY]d');
  const runsInto = [of('NAME', 'x', /xab/y, 'personal'), of('KEY', 'a', /abc/y)];
  expect(createRedactor(runsInto).redact('xabc').text).toBe('[KEY]');
});

test('any text without a finding comes back as it is, and redacting twice changes nothing more', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom(...Object.values(secrets), ''), (text, secret) => {
      const once = redact(text + secret);
      if (once.found.length === 0) expect(once.text).toBe(text + secret);
      expect(redact(once.text).text).toBe(once.text);
    }),
    { seed: 20_261_122 },
  );
});
