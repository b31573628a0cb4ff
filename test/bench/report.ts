import { availableParallelism, cpus, loadavg } from 'node:os';
import type { Spread } from './statistics.ts';

export type Unit =
  | '×'
  | '%'
  | 'µs'
  | 'ms'
  | 'KB'
  | 'MB'
  | 'requests'
  | 'calls'
  | 'keys'
  | 'reads'
  | 'streams'
  | 'chunks'
  | 'bytes a call'
  | 'MB / 1,000 streams'
  | 'pUSD'
  | 'left over';

/** One line of the bench. */
export interface Row {
  readonly name: string;
  /** Undefined: it could not be measured, and the note says why. */
  readonly measured: number | undefined;
  readonly unit: Unit;
  /** Quartiles of the runs, where there are many. */
  readonly quartiles?: readonly [lower: number, upper: number];
  /** The most that is good. Absent: for orientation only. */
  readonly aim?: number;
  /** The most that is very good. */
  readonly stretch?: number;
  readonly note?: string;
}

/** Rows that belong together, under a sentence that says what is measured. */
export interface Section {
  readonly title: string;
  readonly rows: readonly Row[];
}

export type Verdict = 'ok' | 'stretch' | 'over' | '';

/** A row from many runs. */
export function spreadRow(
  name: string,
  { median, lowerQuartile, upperQuartile }: Spread,
  rest: Pick<Row, 'unit' | 'aim' | 'stretch' | 'note'>,
): Row {
  return { name, measured: median, quartiles: [lowerQuartile, upperQuartile], ...rest };
}

/** `stretch`: better than the aim asked for. Empty: there is no aim. */
export function verdictOf({ measured, aim, stretch = -Infinity }: Row): Verdict {
  if (aim === undefined || measured === undefined) return '';
  if (measured > aim) return 'over';
  return measured <= stretch ? 'stretch' : 'ok';
}

/** What the figures were taken on: absolute ones mean nothing without it. */
export function machine() {
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    loadAtStart: Number((loadavg()[0] ?? 0).toFixed(2)),
  };
}

/** The report for people. */
export function formatTable(on: ReturnType<typeof machine>, sections: readonly Section[], seconds: number): string {
  const { node, platform, cpu, cores, loadAtStart } = on;
  const cells = new Map(sections.flatMap(({ rows }) => rows.map((row) => [row, cellsOf(row)] as const)));
  const all = [HEADINGS, ...cells.values()];
  const widths = HEADINGS.map((_, column) => Math.max(...all.map((row) => (row[column] as string).length)));
  const line = (row: readonly string[]) =>
    `  ${row.map((cell, column) => (RIGHT.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!))).join('  ')}`.trimEnd();

  const parts = sections.map(({ title, rows }) =>
    [title, line(HEADINGS), ...rows.map((row) => line(cells.get(row)!))].join('\n'),
  );
  const overs = [...cells.keys()].filter((row) => verdictOf(row) === 'over').length;
  return [
    `Node ${node} on ${platform}, ${cores} × ${cpu}, load ${loadAtStart}; measured in ${seconds} s`,
    ...parts,
    overs === 0 ? 'Every aim is met.' : `${overs} over the aim.`,
  ].join('\n\n');
}

/** The same for programs. */
export function formatJson(on: ReturnType<typeof machine>, sections: readonly Section[], seconds: number): string {
  const withVerdicts = sections.map(({ title, rows }) => ({
    title,
    rows: rows.map((row) => ({ ...row, verdict: verdictOf(row) || null })),
  }));
  return JSON.stringify({ machine: on, seconds, sections: withVerdicts });
}

const HEADINGS = ['name', 'measured', 'quartiles', 'aim', 'verdict', 'note'];
const RIGHT = new Set([1, 2, 3]);

function cellsOf(row: Row): string[] {
  const { name, measured, unit, quartiles, aim, stretch, note = '' } = row;
  const stretched = stretch === undefined ? '' : ` (${stretch})`;
  return [
    name,
    measured === undefined ? '–' : `${short(measured)} ${unit}`,
    quartiles ? quartiles.map(short).join('–') : '',
    aim === undefined ? '' : `≤ ${aim}${stretched}`,
    verdictOf(row),
    note,
  ];
}

/** Three digits are as many as the noise leaves. */
function short(value: number): string {
  return Math.abs(value) >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toPrecision(3);
}
