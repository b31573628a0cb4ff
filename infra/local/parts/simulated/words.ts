/** Words that say nothing about what a text is about. */
const STOP_WORDS = new Set(
  'a about after all also an and any are as at be been but by can could did do does for from had has have he her him his how i if in into is it its just me more my no not of on or other our out she should so some such than that the their them then there these they this to too up us was we were what when which who will with would you your'.split(
    ' ',
  ),
);

/** A sentence longer than this is cut, so that a text without full stops is summarised and not repeated. */
const MAX_SENTENCE_WORDS = 50;
const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

/** The first `max` sentences of a text. */
export function firstSentences(text: string, max: number): string[] {
  const sentences: string[] = [];
  for (const { segment } of segmenter.segment(text)) {
    if (sentences.length === max) break;
    const words = segment.trim().split(/\s+/u);
    if (words[0] === '') continue;
    const isLong = words.length > MAX_SENTENCE_WORDS;
    sentences.push(isLong ? `${words.slice(0, MAX_SENTENCE_WORDS).join(' ')} …` : words.join(' '));
  }
  return sentences;
}

/** A text's words, lower case, without accents, stop words and the commonest English endings. */
export function stemsOf(text: string): string[] {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();
  const words = plain.match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.filter((word) => !STOP_WORDS.has(word)).map(stem);
}

function stem(word: string): string {
  if (word.length > 4 && word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  return word.length > 4 ? word.replace(/(?:ing|ed|es|s|e)$/u, '') : word.replace(/s$/u, '');
}

/** How many of `words`' different stems stand in `text`. */
export function sharedStems(words: string, text: ReadonlySet<string>): number {
  return [...new Set(stemsOf(words))].filter((word) => text.has(word)).length;
}
