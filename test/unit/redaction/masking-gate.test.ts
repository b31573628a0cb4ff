import { describe, expect, test } from 'vitest';
import { corpus } from '#test/support/corpus.ts';
import { seededRandom } from '#test/support/seeded-random.ts';
import type { Detector } from '#redaction/detector.ts';
import { allDetectors } from '#redaction/detectors.ts';
import { exampleOf } from '#redaction/example.ts';
import { createMaskingGate } from '#redaction/masking-gate.ts';
import { createRedactor, type Redactor } from '#redaction/redactor.ts';

const detectors = allDetectors();

const redactor = createRedactor();
const secrets = detectors.map(({ example }, index) => exampleOf(example, index + 1));
const prose =
  'The quick brown fox, aged 12, jumps over the lazy dog. On 2026-11-22 at 10:30 it cost 1,250.00 (not more); see https://example.org/a?b=c.\n';

function through(pieces: Iterable<string>): { readonly text: string; readonly passages: readonly string[] } {
  const gate = createMaskingGate(redactor);
  const passages = Array.from(pieces, (piece) => gate.push(piece).text);
  passages.push(gate.end());
  return { text: passages.join(''), passages };
}

/** Pieces of 1 to `most` units. */
function cut(text: string, most: number, random: () => number): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length;) {
    const end = at + 1 + Math.floor(random() * most);
    pieces.push(text.slice(at, end));
    at = end;
  }
  return pieces;
}

const named = secrets.map((secret, index) => [detectors[index]?.kind, secret.slice(0, 12), secret] as const);

test.each(named)('D9 %s (%s…) is masked when it comes unit by unit', (_kind, _start, secret) => {
  const text = `First: ${secret} and ${secret}, then more of it.`;
  expect(through(text.split('')).text).toBe(redactor.redact(text).text);
});

test.each(named.filter((_secret, index) => index % 8 === 0))(
  'D9 %s (%s…) is masked across each place where it may be cut',
  (_kind, _start, secret) => {
    const text = `First: ${secret}, then more of it.`;
    const whole = redactor.redact(text).text;
    for (let at = 0; at <= text.length; at += 1) expect(through([text.slice(0, at), text.slice(at)]).text).toBe(whole);
  },
);

describe('D9 what comes out is what the whole text would have become', () => {
  test.each([1, 5, 40, 3_000])('of long texts with secrets, in pieces of up to %i units', (most) => {
    const random = seededRandom(20_261_123 + most);
    const parts = [...secrets, ...secrets.map(() => prose), ...secrets.map(() => ' 😀 "quoted" = ')];
    for (let round = 0; round < 2; round += 1) {
      const text = parts.toSorted(() => random() - 0.5).join(random() < 0.5 ? ' ' : '\n');
      expect(through(cut(text, most, random)).text).toBe(redactor.redact(text).text);
    }
  });

  test('of texts that software trips over', () => {
    const random = seededRandom(515);
    for (const { text } of corpus<{ text: string }>('naughty-strings')) {
      expect(through(cut(text, 3, random)).text).toBe(redactor.redact(text).text);
    }
  });
});

test('D9 prose flows word by word', () => {
  const passages = through(prose).passages.slice(0, -1);
  const held = passages.map((_none, index) => index + 1 - passages.slice(0, index + 1).join('').length);
  const words = prose.split(/\s/).map(({ length }) => length);
  // A number is waited for a little longer: what stands behind it may say that it is one to call.
  expect(Math.max(...held)).toBeLessThanOrEqual(Math.max(...words) + 64);
  expect(held.filter((units) => units === 0 || units === 1).length).toBeGreaterThan(12);
});

test('D9 no more is held back than the longest that a detector needs', () => {
  const longest = Math.max(...detectors.map((detector) => detector.longest));
  const begun = ['-----BEGIN PRIVATE', 'KEY-----\n'].join(' ');
  const passages = through([begun, ...Array.from({ length: 600 }, () => 'Ab1/'.repeat(16))]).passages;
  const told = passages.slice(0, -1).join('').length;
  expect(begun.length + 600 * 64 - told).toBeLessThan(longest * 1.2);
  expect(told).toBeGreaterThan(0);
});

test('D9 nothing is waited for beyond the longest that its detector has promised', () => {
  const note = { kind: 'NOTE', category: 'secret', longest: 30, example: 'BEGIN a END' } as const;
  const set: readonly Detector[] = [{ ...note, anchor: { literals: ['BEGIN'] }, pattern: /BEGIN[a-z ]*END/y }];
  const gate = createMaskingGate(createRedactor(set), set);
  const told = Array.from('BEGIN'.concat(' of a text'.repeat(9)), (unit) => gate.push(unit).text);
  expect(told.slice(0, 30).join('')).toBe('');
  expect(told.join('')).toContain('BEGIN of a text');
});

test('D9 a finding with blanks is waited for, whatever the case of its letters', () => {
  const code = { kind: 'CODE', category: 'secret', longest: 20, example: 'code 1 2 3' } as const;
  const anchor = { literals: ['code'], caseless: true };
  const set: readonly Detector[] = [{ ...code, anchor, pattern: /code \d \d \d/iy }];
  const gate = createMaskingGate(createRedactor(set), set);
  const told = Array.from('The CODE 1 2 3 is one, CODE 1 2 is none.', (unit) => gate.push(unit).text);
  expect(told.join('') + gate.end()).toBe('The [CODE] is one, CODE 1 2 is none.');
});

test('S2 a character of two units is never halved', () => {
  const halves = `${'😀'.repeat(40)} a 😀`.split('');
  for (const passage of through(halves).passages) expect(passage.isWellFormed()).toBe(true);
  expect(through(halves).text).toBe(halves.join(''));
});

test('D9 the work is linear: no unit is scanned more often than a bound, however long the text is', () => {
  const scannedPerUnit = (text: string) => {
    let scanned = 0;
    const counting: Redactor = {
      redact(part) {
        scanned += part.length;
        return redactor.redact(part);
      },
    };
    const gate = createMaskingGate(counting);
    for (let at = 0; at < text.length; at += 4) gate.push(text.slice(at, at + 4));
    gate.end();
    return scanned / text.length;
  };
  for (const part of [prose, '1-1-', '-eyJ', 'token=', 'a_']) {
    const long = scannedPerUnit(part.repeat(Math.ceil(8_000 / part.length)));
    const longer = scannedPerUnit(part.repeat(Math.ceil(16_000 / part.length)));
    expect(longer, part).toBeLessThan(long * 1.25);
  }
});

test('D9 what is held back long is not read anew for each piece', () => {
  let scanned = 0;
  const endless: Redactor = {
    redact(text) {
      scanned += text.length;
      return { text: '[SECRET]', found: [{ kind: 'SECRET', start: 0, end: text.length }] };
    },
  };
  const gate = createMaskingGate(endless, []);
  for (let at = 0; at < 4_000; at += 1) expect(gate.push('word ').text).toBe('');
  expect(gate.end()).toBe('[SECRET]');
  expect(scanned / 20_000).toBeLessThan(12);
});

test('D9 what a validator looks at behind its match is waited for', () => {
  const bad = { kind: 'WORD', category: 'secret', pattern: /SECRET/y, longest: 6, example: 'SECRET' } as const;
  const set: readonly Detector[] = [
    {
      ...bad,
      anchor: { literals: ['SECRET'] },
      validate: ({ input, index }) => !input.slice(index, index + 60).includes('service'),
    },
  ];
  const gate = createMaskingGate(createRedactor(set), set);
  const text = 'A SECRET that is none of the kind, but a service. The SECRET itself is one, whatever follows behind.';
  const told = Array.from(text, (unit) => gate.push(unit).text).join('') + gate.end();
  expect(told).toBe(text.replace('The SECRET', 'The [WORD]'));
});

test('D9 a secret in encoded text is masked across pieces, where one sees through the encoding', () => {
  const encoded = Buffer.from('password').toString('base64');
  const seesThrough: Redactor = {
    redact(text) {
      const start = text.indexOf(encoded);
      if (start < 0) return { text, found: [] };
      const found = [{ kind: 'SECRET', start, end: start + encoded.length }];
      return { text: text.replace(encoded, '[SECRET]'), found };
    },
  };
  const gate = createMaskingGate(seesThrough, []);
  const text = Array.from(`It is ${encoded} indeed.`, (unit) => gate.push(unit).text).join('') + gate.end();
  expect(text).toBe('It is [SECRET] indeed.');
});
