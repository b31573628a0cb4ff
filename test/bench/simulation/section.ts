import type { Plot } from './plot.ts';

/** What an experiment found, as it stands in the results. */
export interface Section {
  readonly title: string;
  /** What was done, in Markdown. */
  readonly text: string;
  readonly tables: readonly Table[];
  readonly plots?: readonly Plot[];
}

export interface Table {
  readonly caption?: string;
  readonly headings: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

export type Cell = string | number;

/** A row of what it is about and what was found. */
export function row(about: readonly Cell[], found: readonly Cell[]): Cell[] {
  return [...about, ...found];
}

/** Tells how far a run has come. */
export type Progress = (step: string) => void;

/** A share as per cent, with as many digits as it can bear. */
export function percent(share: number): string {
  const value = share * 100;
  if (value === 0) return '0 %';
  if (value < 0.05) return '< 0.1 %';
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} %`;
}

/** A number to three digits. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value >= 1000) return Math.round(value).toLocaleString('en');
  return value >= 100 || Number.isInteger(value)
    ? value.toFixed(0)
    : String(Number(value.toPrecision(2 + (value >= 10 ? 1 : 0))));
}
