import { CONCLUSIONS, LIMITS, METHOD } from './prose.ts';
import type { Section, Table } from './section.ts';

/** All results as one page. */
export function formatResults(seed: number, sections: readonly Section[]): string {
  const command = seed === 1 ? 'npm run simulate' : `npm run simulate -- --seed ${seed}`;
  return [
    '# What the budgets carry: a simulation',
    `Written by \`${command}\` (seed ${seed}); running it again gives the same page. Do not edit: the text stands in \`prose.ts\` and \`experiments/\`.`,
    METHOD,
    ...sections.map(formatSection),
    CONCLUSIONS,
    LIMITS,
  ]
    .map((part) => part.trim())
    .join('\n\n')
    .concat('\n');
}

/** One experiment, with its plots as links. */
export function formatSection({ title, text, tables, plots = [] }: Section): string {
  return [
    `## ${title}`,
    text,
    ...plots.map(({ title: name, file }) => `![${name}](${file})`),
    ...tables.flatMap(({ caption, ...table }) => [
      ...(caption === undefined ? [] : [`_${sentence(caption)}_`]),
      formatTable(table),
    ]),
  ].join('\n\n');
}

/** Columns of even width, as Prettier would have them. */
function formatTable({ headings, rows }: Pick<Table, 'headings' | 'rows'>): string {
  const cells = [headings, ...rows].map((row) => row.map(String));
  const widths = headings.map((_, column) => Math.max(3, ...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => pad(cell, widths[column]!)).join(' | ')} |`;
  const [first, ...others] = cells;
  return [line(first!), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...others.map(line)].join('\n');
}

function pad(cell: string, width: number): string {
  return cell + ' '.repeat(width - cell.length);
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
