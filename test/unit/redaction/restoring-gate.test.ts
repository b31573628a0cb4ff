import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RespondRequest } from '#protocol/request.ts';
import { CallMasks, type Ground } from '#redaction/call-masks.ts';
import type { Redactor } from '#redaction/redactor.ts';
import { createRestoringGate } from '#redaction/restoring-gate.ts';

/** Finds what stands in angle brackets, so that a test can say what an original is. */
const redactor: Redactor = {
  redact(text) {
    const found = [...text.matchAll(/<[^>]*>/g)].map(({ 0: { length }, index }) => ({
      kind: 'EMAIL',
      start: index,
      end: index + length,
    }));
    return { text, found };
  },
};

function masksOf(...originals: readonly string[]): CallMasks {
  const masks = new CallMasks('reversible', redactor);
  const input = originals.map((text) => ({ type: 'message', role: 'user', text }) as const);
  masks.mask({ kind: 'respond', model: 'm', instructions: '', input, maxOutputTokens: 1 } as unknown as RespondRequest);
  return masks;
}

function through(masks: CallMasks, pieces: Iterable<string>, ground?: Ground): string {
  const gate = createRestoringGate(masks, ground);
  let text = '';
  for (const piece of pieces) text += gate.push(piece).text;
  return text + gate.end();
}

test('D11 the originals come back wherever the text was cut', () => {
  const masks = masksOf('<ada>', '<bo 😀>', ...Array.from({ length: 9 }, (_none, index) => `<${index}>`));
  const words = fc.constantFrom(
    '[EMAIL_1]',
    '[EMAIL_2]',
    '[EMAIL_11]',
    '[EMAIL_12]',
    '[EMAIL',
    '[',
    '\\',
    ']',
    'x',
    '😀',
    ' ',
  );
  fc.assert(
    fc.property(fc.array(words), fc.array(fc.nat(9)), (parts, cuts) => {
      const text = parts.join('');
      const pieces = [];
      let at = 0;
      for (const cut of cuts) pieces.push(text.slice(at, (at += cut)));
      expect(through(masks, [...pieces, text.slice(at)])).toBe(masks.restore(text));
    }),
    { seed: 20_261_123, numRuns: 400 },
  );
  expect(through(masks, 'To [EMAIL_1] and [EMAIL_2], not [EMAIL_99].')).toBe('To <ada> and <bo 😀>, not [EMAIL_99].');
});

test('D11 only what may become a placeholder that stands for something is held back', () => {
  const gate = createRestoringGate(masksOf('<ada>'));
  const push = (piece: string) => gate.push(piece).text;
  expect(push('Dear reader, ')).toBe('Dear reader, ');
  expect(push('see [EM')).toBe('see ');
  expect(gate.isHolding).toBe(true);
  expect(push('ACS] and [PHONE')).toBe('[EMACS] and [PHONE');
  expect(push(' [EMAIL_1')).toBe(' ');
  expect(push('] is')).toBe('<ada> is');
  expect(gate.isHolding).toBe(false);
  expect(gate.end()).toBe('');
});

test('S2 a character of two units is never halved', () => {
  const gate = createRestoringGate(masksOf('<ada>'));
  expect(gate.push('😀'.slice(0, 1)).text).toBe('');
  expect(gate.push('😀'.slice(1)).text).toBe('😀');
});

test('D11 a placeholder that is spelt as Markdown wants it stands for the same', () => {
  const masks = masksOf('<ada>');
  for (const spelling of ['[EMAIL\\_1]', '\\[EMAIL_1\\]', '\\[EMAIL\\_1\\]']) {
    expect(through(masks, `to ${spelling}.`)).toBe('to <ada>.');
    const json = JSON.stringify({ to: spelling });
    expect(JSON.parse(through(masks, json, 'json'))).toEqual({ to: '<ada>' });
  }
});

test('D11 JSON stays JSON, whatever the originals hold', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('"', '\\', '\n', 'a', '😀', '\u2028', '{') }), (inside) => {
      const masks = masksOf(`<${inside}>`);
      const json = JSON.stringify({ list: ['[EMAIL_1]', 'a "[EMAIL_1]" b'] });
      const restored: unknown = JSON.parse(through(masks, json, 'json'));
      expect(restored).toEqual({ list: [`<${inside}>`, `a "<${inside}>" b`] });
    }),
    { seed: 20_261_123, numRuns: 100 },
  );
});
