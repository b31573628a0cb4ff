import { expect, test } from 'vitest';
import { answer, sentencesAsked, tokensOf, type Ask } from '#infra/local/parts/simulated-answers.ts';

const TEXT = 'A weir is a low wall. Water passes over it. It holds a level. Nobody owns the river.';

const ask = (more: Partial<Ask> = {}): Ask => ({ instructions: '', text: TEXT, read: TEXT, ...more });

test('a summary is the text’s first three sentences', () => {
  expect(answer(ask()).text).toBe('A weir is a low wall. Water passes over it. It holds a level.');
});

test('a summary has as many sentences as the instructions ask for', () => {
  expect(answer(ask({ instructions: 'Summarise in exactly 1 sentence.' })).text).toBe('A weir is a low wall.');
  expect(answer(ask({ instructions: 'Use at most two short sentences.' })).text).toMatch(/over it\.$/);
  expect(['in 10 sentences', 'One sentence!', 'as you like', '0 sentences'].map(sentencesAsked)).toEqual([10, 1, 3, 1]);
});

test('a text without a full stop is cut, not repeated', () => {
  const text = 'word '.repeat(5000);
  expect(answer(ask({ text })).text.length).toBeLessThan(300);
});

test('tokens are a quarter of the bytes, rounded up', () => {
  expect(['', 'a', 'abcd', 'abcde', 'äöü'].map(tokensOf)).toEqual([0, 1, 1, 2, 2]);
  const { inputTokens, outputTokens, text } = answer(ask({ read: 'x'.repeat(401) }));
  expect([inputTokens, outputTokens]).toEqual([101, Math.ceil(text.length / 4)]);
});

test('an answer over the limit of output tokens is cut there, between characters, and says so', () => {
  const made = answer(ask({ text: 'äöüäöüäöüäöüäöüäöü.', maxOutputTokens: 3 }));
  expect(made).toMatchObject({ text: 'äöüäöü', isCut: true, outputTokens: 3 });
  expect(answer(ask({ text: 'aäöüäöüäöü', maxOutputTokens: 1 })).text).toBe('aä');
  expect(answer(ask({ maxOutputTokens: 1000 })).isCut).toBe(false);
});

test('the same request has the same answer', () => {
  expect(answer(ask({ schema: { type: 'object', properties: { a: { type: 'string' } } } }))).toEqual(
    answer(ask({ schema: { type: 'object', properties: { a: { type: 'string' } } } })),
  );
});
