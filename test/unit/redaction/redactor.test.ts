import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { detectors } from '#redaction/detectors.ts';
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
  PRIVATE_KEY: ['-----BEGIN RSA PRIVATE', 'KEY-----\nMIIEabc+/=\n-----END RSA PRIVATE', 'KEY-----'].join(' '),
  BEARER_TOKEN: ['Bearer', 'k2Vb9QxT4mNz7RcW1yLd8FsJ'].join(' '),
  URL_PASSWORD: ['://admin', 'k2Vb9QxT4mNz7RcW@'].join(':'),
};

test('there is an example of every kind that the detectors know', () => {
  expect(Object.keys(secrets).sort()).toEqual([...new Set(detectors.map(({ kind }) => kind))].sort());
});

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

test('where two overlap, the one that starts first wins, then the longer', () => {
  const set = [
    { kind: 'SHORT', literal: 'a', pattern: /ab/g, source: '' },
    { kind: 'LONG', literal: 'a', pattern: /abc/g, source: '' },
    { kind: 'LATE', literal: 'b', pattern: /bcd/g, source: '' },
  ];
  expect(createRedactor(set).redact('abcd abd bcd')).toEqual({
    text: '[LONG]d [SHORT]d [LATE]',
    found: [
      { kind: 'LONG', start: 0, end: 3 },
      { kind: 'SHORT', start: 5, end: 7 },
      { kind: 'LATE', start: 9, end: 12 },
    ],
  });
});

test.each([
  'We skip the sky-high risk-adjusted task-list.',
  'The bearer of good news met us at https://example.org:8080/a@b.',
  'weir_settings and AIza and AKIA are words of ours, gh_pages too.',
  'A key begins with sk- and xoxb- and eyJ, says the manual.',
  'SHA-256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
])('D4 what only looks a little like one is left alone: %s', (text) => {
  expect(redact(text)).toEqual({ text, found: [] });
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

/** Time for a text of `n` characters: the best of three, in ms. */
function tookMs(make: (length: number) => string, length: number): number {
  const text = make(length);
  return Math.min(
    ...Array.from({ length: 3 }, () => {
      const startedMs = performance.now();
      redact(text);
      return performance.now() - startedMs;
    }),
  );
}

test.each<[string, string]>([
  ['1-1-1-…', '1-'],
  ['1.1.1.…', '1.'],
  ['a_a_…', 'a_'],
  ['base64', 'QUJDREVGR0g'],
  ['digits', '0123456789'],
  ['sk-', 'sk-'],
  ['half a key, again and again', `sk-${'a'.repeat(15)} `],
  ['eyJ.eyJ.', 'eyJaaaaaaaa.'],
  ['://', '://a:'],
  ['BEGIN', '-----BEGIN PRIVATE KEY-----'],
  ['bearer', 'Bearer '],
  ['xox', 'xoxb-'],
])('D7 100 KB of %s take less than 250 ms, and a megabyte in proportion', (_what, unit) => {
  const make = (length: number) => unit.repeat(Math.ceil(length / unit.length));
  expect(tookMs(make, 100_000)).toBeLessThan(250);
  // Ten times the text in less than thirty times the time: quadratic would be a hundred.
  expect(tookMs(make, 1_000_000)).toBeLessThan(30 * Math.max(tookMs(make, 100_000), 10));
});
