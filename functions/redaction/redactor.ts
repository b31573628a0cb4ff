import type { Detector } from './detector.ts';
import { allDetectors } from './detectors.ts';
import { type Finding, withoutOverlaps } from './overlaps.ts';
import { viewsOf } from './normalise/views.ts';
import { createScanner } from './scanner.ts';

export type { Finding } from './overlaps.ts';

export interface Redaction {
  readonly text: string;
  readonly found: readonly Finding[];
}

/** Masks what its detectors find, also behind encodings (normalise/views.ts). Pure; linear in the text. */
export interface Redactor {
  redact(text: string): Redaction;
}

/** A redactor over a set of detectors; what it does where findings overlap is told in overlaps.ts. */
export function createRedactor(set: readonly Detector[] = allDetectors()): Redactor {
  const scan = createScanner(set);
  return {
    redact(text) {
      const matches = scan(text);
      for (const view of viewsOf(text)) {
        for (const { detector, start, end } of scan(view.text))
          matches.push({ detector, ...view.toOriginal(start, end) });
      }
      const found = withoutOverlaps(matches);
      return { text: masked(text, found), found };
    },
  };
}

function masked(text: string, found: readonly Finding[]): string {
  let clear = '';
  let from = 0;
  for (const { kind, start, end } of found) {
    clear += `${text.slice(from, start)}[${kind}]`;
    from = end;
  }
  return from === 0 ? text : clear + text.slice(from);
}
