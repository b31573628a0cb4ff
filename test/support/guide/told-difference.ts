import { stripVTControlCharacters } from 'node:util';

/** A line of its own: any lines, or none. Within a line: any characters of it, or none. */
const ANYTHING = '…';

/**
 * Where what was printed is not what was told; undefined: nowhere. All has to be told, from the first line to the last, but for what
 * `…` stands for. Colours, carriage returns and white space at the end are no difference.
 */
export function toldDifference(told: string, printed: string): string | undefined {
  const lines = told.trimEnd().split('\n');
  const text = `${stripVTControlCharacters(printed).replaceAll('\r', '').trimEnd()}\n`;
  if (matching(lines, '$').test(text)) return undefined;
  const found = lines.findIndex((_, at) => !matching(lines.slice(0, at + 1), '').test(text));
  const missed = found < 0 ? 'and nothing more' : lines[found];
  return `expected: ${missed}\nprinted:\n${text}`;
}

function matching(lines: readonly string[], end: '$' | ''): RegExp {
  const patterns = lines.map((line) =>
    line === ANYTHING
      ? '(?:.*\\n)*?'
      : `${line
          .split(ANYTHING)
          .map((part) => RegExp.escape(part))
          .join('.*')}\\n`,
  );
  return new RegExp(`^${patterns.join('')}${end}`);
}
