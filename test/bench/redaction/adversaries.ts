import type { Detector } from '#redaction/detector.ts';
import { exampleOf } from '#redaction/example.ts';

/** Texts that make backtracking, or the same look at each place, show (D7): one unit over and over. */
const units: readonly string[] = [
  '1-',
  '1.',
  '(1)',
  'a_',
  'QUJDREVGR0g',
  '0123456789',
  'aA1',
  'a@',
  '@a',
  '://a:',
  '1|',
  'key=',
  'password=',
  'token: ',
  '"key", ',
  `key${' '.repeat(20)}`,
  'password for a a a ',
  'eyJ',
  'eyJaaaaaaaa.',
  '-----BEGIN ',
  'data:\n a: aaaa\n',
  'curl -u a',
];

/** The units above, and for each detector the beginning of its example, at several lengths. */
export function adversaries(detectors: readonly Detector[]): string[] {
  const halves = detectors.flatMap(({ example }) => {
    const whole = exampleOf(example);
    return [0.4, 0.7, 0.95].map((share) => whole.slice(0, Math.max(2, Math.floor(whole.length * share))));
  });
  return [...new Set([...units, ...halves])];
}

/** The unit, again and again, to so many characters. */
export function repeated(unit: string, length: number): string {
  return unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
}
