import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { maxSentences } from '#edge/stop-when/max-sentences.ts';
import { holdsForAnyCut, passed, textOf } from './passed.ts';

/** A text, and where its first sentence ends. */
const FIRST_SENTENCES: readonly (readonly [text: string, first: string])[] = [
  ['One. Two.', 'One.'],
  ['one. two.', 'one.'],
  ['One! Two?', 'One!'],
  ['One?! Two.', 'One?!'],
  ['One.\n\nTwo.', 'One.'],
  ['Un !\u00a0Deux.', 'Un !'],
  ['(One.) Two.', '(One.)'],
  ['"One." Two.', '"One."'],
  ['„Eins.“ Zwei.', '„Eins.“'],
  ['**One.** Two.', '**One.**'],
  ['He said (twice). Two.', 'He said (twice).'],
  ['(One.). Two.', '(One.).'],
  ['一。二。', '一。'],
  ['「一。」二。', '「一。」'],
  ['“一！”二。', '“一！”'],
  ['一？“二。”', '一？'],
  ['एक। दो।', 'एक।'],
  ['كيف حالك؟ بخير.', 'كيف حالك؟'],
  // Numbers, names of things, abbreviations.
  ['Pi is 3.14 or so. Two.', 'Pi is 3.14 or so.'],
  ['It grew by .5 to 5. Two.', 'It grew by .5 to 5.'],
  ['See example.com. Two.', 'See example.com.'],
  ['Fruit, e.g. Pears, i.e. food. Two.', 'Fruit, e.g. Pears, i.e. food.'],
  ['The U.S. Senate met at 5 p.m. Eastern. Two.', 'The U.S. Senate met at 5 p.m. Eastern.'],
  ['J. R. R. Tolkien wrote. Two.', 'J. R. R. Tolkien wrote.'],
  ['Dr. Smith and Mrs. Jones, Ph.D. left. Two.', 'Dr. Smith and Mrs. Jones, Ph.D. left.'],
  ['We don’t. Two.', 'We don’t.'],
  ["I can't. Two.", "I can't."],
  ['It was 1999. Two.', 'It was 1999.'],
  // Items of lists are not sentences because of their numbers.
  ['1. First. 2. Second.', '1. First.'],
  ['List\n2. Second. Two.', 'List\n2. Second.'],
  ['## 3. Third. Two.', '## 3. Third.'],
  ['**4.** Fourth. Two.', '**4.** Fourth.'],
  // Dots in a row are one mark, after which a small letter goes on.
  ['Well... yes. Two.', 'Well... yes.'],
  ['Well… yes. Two.', 'Well… yes.'],
  ['Well... Two.', 'Well...'],
  ['Well…\n Two.', 'Well…'],
  ['...and then it rained. Two.', '...and then it rained.'],
  ['"Really?" he said. Two.', '"Really?" he said.'],
  ['… ! ... One. Two.', '… ! ... One.'],
  ['😀! Two.', '😀!'],
];

test.each(FIRST_SENTENCES)('of %j the first sentence is %j', (text, first) => {
  expect(passed(maxSentences(1), [text])).toEqual({ text: first, isEnough: true });
  expect(passed(maxSentences(1), text.split(''))).toEqual({ text: first, isEnough: true });
});

test('the given number of sentences passes', () => {
  const text = 'One. Two! "Three?" Four… Five.';
  expect(passed(maxSentences(3), [text])).toEqual({ text: 'One. Two! "Three?"', isEnough: true });
  expect(passed(maxSentences(4), [text])).toEqual({ text: 'One. Two! "Three?" Four…', isEnough: true });
  expect(passed(maxSentences(2), ['"One."\n1. Two. Three.'])).toEqual({ text: '"One."\n1. Two.', isEnough: true });
});

test('marks without a word between them make no sentence, and hold nothing back', () => {
  expect(passed(maxSentences(2), ['One. ! ... Two. Three.'])).toEqual({ text: 'One. ! ... Two.', isEnough: true });
  expect(maxSentences(1).push('... ').text).toBe('... ');
});

test('an end mark at the end of the text ends it by itself', () => {
  for (const text of ['One.', 'One. Two...', 'One. Two... ', 'One. "Two."\n']) {
    expect(passed(maxSentences(2), text.split(''))).toEqual({ text, isEnough: false });
  }
});

test('end marks pass at once; white space is held back only where what follows decides on the last sentence', () => {
  const gate = maxSentences(2);
  expect(gate.push('One... ')).toEqual({ text: 'One... ', isEnough: false });
  expect(gate.push('Two')).toEqual({ text: 'Two', isEnough: false });
  expect(gate.push('... ')).toEqual({ text: '...', isEnough: false });
  expect(gate.push(' ')).toEqual({ text: '', isEnough: false });
  expect(gate.push('or so')).toEqual({ text: '  or so', isEnough: false });
  expect(gate.push('.')).toEqual({ text: '.', isEnough: false });
  expect(gate.push(' ')).toEqual({ text: '', isEnough: true });
});

test('cutting the text anyhow changes nothing', () => {
  const prose = textOf(
    '.',
    '!',
    '…',
    '。',
    ' ',
    '\n',
    '"',
    '”',
    '“',
    '*',
    ')',
    'a',
    'B',
    'word',
    '1',
    'Dr',
    '😀',
    '\ud83d',
    'é',
    "'",
  );
  holdsForAnyCut(fc.integer({ min: 1, max: 3 }), fc.oneof(prose, fc.string({ unit: 'binary' })), maxSentences);
});
