import type { Detector } from '#redaction/detector.ts';
import type { Scanner } from '#redaction/scanner.ts';
import { matchOf, type Match } from '#redaction/trial.ts';

/** What the engine is measured against and must agree with: every pattern by itself, over the whole text. */
export function createPlainScanner(detectors: readonly Detector[]): Scanner {
  const globals = detectors.map((detector) => ({
    detector,
    pattern: new RegExp(detector.pattern.source, detector.pattern.flags.replace('y', 'g')),
  }));
  return (text) => globals.flatMap(({ detector, pattern }) => scanOne(detector, pattern, text));
}

function scanOne(detector: Detector, pattern: RegExp, text: string): Match[] {
  const matches: Match[] = [];
  pattern.lastIndex = 0;
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    if (detector.validate === undefined || detector.validate(found)) matches.push(matchOf(detector, found));
    else pattern.lastIndex = found.index + 1;
  }
  return matches;
}
