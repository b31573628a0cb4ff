import * as z from 'zod';
import { showValue } from './shown.ts';

let namesByWord: Map<string, string> | undefined;

/**
 * A language by its BCP 47 code (`de`, `pt-BR`) or its English name (`German`), as its English name. Only known ones: the
 * name goes into instructions, where free words of a caller have no place.
 */
export const language = z.string().transform((word, context) => {
  const name = languageName(word);
  if (name !== undefined) return name;
  context.addIssue({
    code: 'custom',
    message: `must be a language, as a code such as de or a name such as German, but ${showValue(word)} was provided`,
    input: word,
  });
  return z.NEVER;
});

function languageName(word: string): string | undefined {
  namesByWord ??= knownNames();
  const known = namesByWord.get(word.toLowerCase());
  if (known !== undefined || !/^[a-z]{2}-[A-Za-z]{2,4}$/.test(word)) return known;
  try {
    const name = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' }).of(word);
    return namesByWord.has(word.slice(0, 2)) ? name : undefined;
  } catch {
    return undefined;
  }
}

/** Every two-letter code that has an English name, found by both. */
function knownNames(): Map<string, string> {
  const names = new Map<string, string>();
  const display = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' });
  const letters = 'abcdefghijklmnopqrstuvwxyz'.split('');
  for (const code of letters.flatMap((first) => letters.map((second) => first + second))) {
    const name = display.of(code);
    if (name !== undefined) names.set(code, name).set(name.toLowerCase(), name);
  }
  return names;
}
