import type { Redactor } from '#redaction/redactor.ts';
import { benignCorpora, secretCorpora } from './corpora.ts';
import { remains } from './remains.ts';

/** How a set of detectors did: on each corpus what it missed, and what it changed though nothing was to be found. */
export interface Scores {
  readonly recall: Readonly<Record<string, { readonly of: number; readonly missed: readonly string[] }>>;
  readonly changed: Readonly<Record<string, { readonly of: number; readonly texts: readonly string[] }>>;
  /** Findings of each kind in all corpora. */
  readonly kinds: Readonly<Record<string, number>>;
}

/** Scores a redactor on all corpora. Records are named by rule and place, so that two runs can be compared. */
export function score(redactor: Redactor): Scores {
  const recall: Record<string, { of: number; missed: string[] }> = {};
  const changed: Record<string, { of: number; texts: string[] }> = {};
  const kinds: Record<string, number> = {};
  const redacted = (text: string) => {
    const { text: masked, found } = redactor.redact(text);
    for (const { kind } of found) kinds[kind] = (kinds[kind] ?? 0) + 1;
    return masked;
  };
  for (const { name, records } of secretCorpora()) {
    const hits = (recall[name] = { of: 0, missed: [] as string[] });
    const nothing = (changed[`${name}, nothing to find`] = { of: 0, texts: [] as string[] });
    for (const [index, { rule, text, secret }] of records.entries()) {
      const masked = redacted(text);
      const id = `${rule} ${index}`;
      if (secret === null) {
        nothing.of += 1;
        if (masked !== text) nothing.texts.push(id);
      } else {
        hits.of += 1;
        if (remains(masked, secret)) hits.missed.push(id);
      }
    }
  }
  for (const { name, texts } of benignCorpora()) {
    const untouched = (changed[name] = { of: texts.length, texts: [] as string[] });
    for (const [index, text] of texts.entries()) if (redacted(text) !== text) untouched.texts.push(`${name} ${index}`);
  }
  return { recall, changed, kinds: Object.fromEntries(Object.entries(kinds).toSorted(([a], [b]) => (a < b ? -1 : 1))) };
}
