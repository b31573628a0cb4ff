import { sharedStems, stemsOf } from './words.ts';

/** One of the values that an answer may have, with what is known about its meaning. */
export interface Choice {
  value: unknown;
  description: string;
}

/** A choice and how well it fits: from 0 (nothing in the text speaks for it) to below 1. */
export interface Ranked {
  value: unknown;
  strength: number;
}

/** What speaks for the labels that a tour is likely to use, and that rarely stand in a text themselves. */
const RELATED_WORDS: Readonly<Record<string, string>> = {
  positive: 'good great love excellent happy thanks thank wonderful perfect amazing recommend pleased enjoy best',
  negative: 'bad terrible hate awful broken angry worst poor disappointed useless never slow unhappy refund',
  urgent: 'immediately asap now emergency critical down outage',
  spam: 'free winner prize click casino lottery',
};
const FALL_BACKS = /^(other|others|none|unknown|neutral|general|misc|miscellaneous|n\/a)$/i;

const OWN_WORD_WEIGHT = 3;
const WEAK = 0.3;

/**
 * Orders choices by the words that they share with a text: their own count threefold, those of their description once.
 * Without any match a value such as `other` or `neutral` comes first, else the first one.
 */
export function rankChoices(choices: readonly Choice[], text: string, instructions: string): Ranked[] {
  const stems = new Set(stemsOf(text));
  const names = choices.map(({ value }) => String(value));
  const scores = choices.map(({ description }, i) => {
    const name = names[i]!;
    const related = Object.hasOwn(RELATED_WORDS, name.toLowerCase()) ? RELATED_WORDS[name.toLowerCase()]! : '';
    const about = `${description} ${described(name, names, instructions)} ${related}`;
    return OWN_WORD_WEIGHT * sharedStems(spaced(name), stems) + sharedStems(about, stems);
  });
  const total = scores.reduce((sum, score) => sum + score, 0);
  const isBetter = (a: number, b: number) => scores[b]! - scores[a]! || fallBackFirst(names[a]!, names[b]!) || a - b;
  const order = choices.map((_, i) => i).sort(isBetter);
  return order.map((i) => ({ value: choices[i]!.value, strength: scores[i]! / (total + 1) }));
}

/** Strength as a confidence from 0.3 to 0.99, rounded as a model would. */
export function confidence({ strength }: Ranked): number {
  return Math.round((WEAK + (0.99 - WEAK) * Math.sqrt(strength)) * 100) / 100;
}

function fallBackFirst(a: string, b: string): number {
  return Number(FALL_BACKS.test(b)) - Number(FALL_BACKS.test(a));
}

const MAX_DESCRIPTION_CHARS = 300;

/** What the instructions say behind a label's name: to the end of the line, or to where the next label is named. */
function described(name: string, all: readonly string[], instructions: string): string {
  const lower = instructions.toLowerCase();
  const others = all.filter((other) => other !== name).map((other) => other.toLowerCase());
  let description = '';
  for (let at = nextWord(lower, name.toLowerCase(), 0); at >= 0; at = nextWord(lower, name.toLowerCase(), at + 1)) {
    const from = at + name.length;
    const ends = [lower.indexOf('\n', from), ...others.map((other) => nextWord(lower, other, from))];
    const to = Math.min(from + MAX_DESCRIPTION_CHARS, ...ends.filter((end) => end >= 0));
    description += ` ${instructions.slice(from, to)}`;
  }
  return description;
}

/** Where `word` next stands by itself, not inside another word; -1 if nowhere. */
function nextWord(text: string, word: string, from: number): number {
  if (word === '') return -1;
  const isLetter = (char: string | undefined) => char !== undefined && /[\p{L}\p{N}_]/u.test(char);
  let at = text.indexOf(word, from);
  while (at >= 0 && (isLetter(text[at - 1]) || isLetter(text[at + word.length]))) at = text.indexOf(word, at + 1);
  return at;
}

/** `needsReply` and `needs_reply` as words. */
export function spaced(name: string): string {
  return name.replace(/([a-z\d])([A-Z])/g, '$1 $2').replace(/[_-]+/g, ' ');
}
