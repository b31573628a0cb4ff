import type { Match } from './trial.ts';

/** One secret that was found: its kind and place (UTF-16 offsets, end exclusive), never its value. */
export interface Finding {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Findings in order, none over another. The one that starts first gives its kind, then the longer; at the same place a
 * secret goes before personal data. Where two secrets lie partly over each other both are covered, so that no end of
 * either stays in clear; personal data that a secret touches is dropped, unless it holds the secret whole.
 */
export function withoutOverlaps(matches: Match[]): Finding[] {
  const kept: Match[] = [];
  for (const match of matches.sort(byPlace)) {
    const last = kept.at(-1);
    if (last === undefined || match.start >= last.end) kept.push(match);
    else if (match.detector.category === 'secret' && match.end > last.end) kept[kept.length - 1] = joined(last, match);
  }
  return kept.map(({ detector: { kind }, start, end }) => ({ kind, start, end }));
}

function byPlace(a: Match, b: Match): number {
  return a.start - b.start || rank(a) - rank(b) || b.end - a.end;
}

function rank({ detector: { category } }: Match): number {
  return category === 'secret' ? 0 : 1;
}

/** A secret takes over the kind of personal data that ends within it. */
function joined(first: Match, second: Match): Match {
  const detector = first.detector.category === 'secret' ? first.detector : second.detector;
  return { detector, start: first.start, end: second.end };
}
