import type { Detector, LiteralAnchor } from './detector.ts';
import { eachGramEndingIn, GRAMS, rarestGram } from './grams.ts';
import { eachRun } from './runs.ts';
import { createTrial, type Match, type Trial } from './trial.ts';

/** Finds all matches of a set of detectors in one pass, in no particular order and possibly overlapping. */
export type Scanner = (text: string) => Match[];

/** A literal of one or more detectors, and where it begins before the end of its rarest three characters. */
interface Literal {
  readonly units: string;
  readonly caseless: boolean;
  readonly back: number;
  readonly trials: number[];
}

/** What a gram may announce. */
interface Cell {
  readonly literals: readonly Literal[];
  readonly digit: boolean;
}

interface DigitTrial {
  readonly trial: number;
  readonly digits: number;
}

interface Tables {
  /** The index of each gram's cell; 0 announces nothing. */
  readonly cellOf: Uint16Array;
  readonly cells: readonly Cell[];
  readonly trials: readonly Trial[];
  /** Those that need the fewest digits first. */
  readonly digitTrials: readonly DigitTrial[];
  readonly runTrials: readonly { readonly trial: number; readonly run: number }[];
}

/**
 * The engine. One pass reads the text as classes of characters, three at a time, and looks each three up; only where a
 * detector's anchor really stands is its pattern tried (trial.ts). Tables are built at the first text, not at import.
 */
export function createScanner(detectors: readonly Detector[]): Scanner {
  let tables: Tables | undefined;
  return (text) => {
    tables ??= buildTables(detectors);
    const places = findPlaces(text, tables);
    findRuns(text, tables, places);
    const matches: Match[] = [];
    // In the set's order, so that of two that match the same the one that stands first in the set gives its name.
    for (const index of [...places.keys()].sort((a, b) => a - b)) {
      tables.trials[index]?.(text, places.get(index) ?? [], matches);
    }
    return matches;
  };
}

/** Where each detector is to be tried, by its index. */
function findPlaces(text: string, { cellOf, cells, digitTrials }: Tables): Map<number, number[]> {
  const places = new Map<number, number[]>();
  const { length } = text;
  let gram = 0;
  for (let index = 0; index < length; index += 1) {
    const unit = text.charCodeAt(index);
    gram = ((gram << 6) & (GRAMS - 1)) | (unit & 31) | ((unit >> 1) & 32);
    const cellIndex = cellOf[gram] as number;
    if (cellIndex === 0) continue;
    const cell = cells[cellIndex] as Cell;
    const { literals } = cell;
    for (let candidate = 0; candidate < literals.length; candidate += 1) {
      const literal = literals[candidate] as Literal;
      const at = index - literal.back;
      if (at >= 0 && standsAt(text, at, literal)) for (const trial of literal.trials) add(places, trial, at);
    }
    if (cell.digit && isDigit(unit) && !(index > 0 && isDigit(text.charCodeAt(index - 1)))) {
      const digits = digitsFrom(text, index);
      for (let next = 0; next < digitTrials.length; next += 1) {
        const { trial, digits: needed } = digitTrials[next] as DigitTrial;
        if (digits < needed) break;
        add(places, trial, index);
      }
    }
  }
  return places;
}

function findRuns(text: string, { runTrials }: Tables, places: Map<number, number[]>): void {
  if (runTrials.length === 0) return;
  eachRun(text, Math.min(...runTrials.map(({ run }) => run)), (start, length) => {
    for (const { trial, run } of runTrials) if (length >= run) add(places, trial, start);
  });
}

function add(places: Map<number, number[]>, trial: number, at: number): void {
  const known = places.get(trial);
  if (known === undefined) places.set(trial, [at]);
  else known.push(at);
}

function standsAt(text: string, at: number, { units, caseless }: Literal): boolean {
  if (!caseless) return text.startsWith(units, at);
  if (at + units.length > text.length) return false;
  for (let index = 0; index < units.length; index += 1) {
    const unit = text.charCodeAt(at + index);
    const folded = unit >= 65 && unit <= 90 ? unit + 32 : unit;
    if (folded !== units.charCodeAt(index)) return false;
  }
  return true;
}

/** More than this no anchor asks for: it bounds the count, so that `1-1-1-…` stays linear. */
const MOST_DIGITS = 16;

/** Digits in the number that begins here, over single or double separators. */
function digitsFrom(text: string, start: number): number {
  let digits = 0;
  let separators = 0;
  for (let index = start; index < text.length && digits < MOST_DIGITS; index += 1) {
    const unit = text.charCodeAt(index);
    if (isDigit(unit)) {
      digits += 1;
      separators = 0;
    } else {
      separators += 1;
      if (separators > 2 || !isSeparator(unit)) break;
    }
  }
  return digits;
}

function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57;
}

/** Space . - / ( ) : and the no-break space. */
function isSeparator(unit: number): boolean {
  return (unit >= 45 && unit <= 47) || unit === 32 || unit === 40 || unit === 41 || unit === 58 || unit === 160;
}

function buildTables(detectors: readonly Detector[]): Tables {
  const literals = new Map<string, Literal>();
  const digitTrials: DigitTrial[] = [];
  const runTrials: { trial: number; run: number }[] = [];
  for (const [trial, { anchor }] of detectors.entries()) {
    if ('digits' in anchor) digitTrials.push({ trial, digits: anchor.digits });
    else if ('run' in anchor) runTrials.push({ trial, run: anchor.run });
    else addLiterals(literals, anchor, trial);
  }
  digitTrials.sort((a, b) => a.digits - b.digits);
  const cells = buildCells([...literals.values()], digitTrials.length > 0);
  return { ...cells, digitTrials, runTrials, trials: detectors.map(createTrial) };
}

/** Detectors that share a literal share the look for it. */
function addLiterals(literals: Map<string, Literal>, anchor: LiteralAnchor, trial: number): void {
  const { caseless = false } = anchor;
  for (const literal of new Set(anchor.literals)) {
    const units = caseless ? literal.toLowerCase() : literal;
    const key = `${caseless ? 'i' : ''}:${units}`;
    const known = literals.get(key);
    if (known !== undefined) known.trials.push(trial);
    else
      literals.set(key, {
        units,
        caseless,
        back: units.length < 3 ? units.length - 1 : rarestGram(units).end,
        trials: [trial],
      });
  }
}

/** Short literals and digits announce themselves in thousands of grams, which share a cell until a longer one joins. */
function buildCells(literals: readonly Literal[], digits: boolean): Pick<Tables, 'cellOf' | 'cells'> {
  const cellOf = new Uint16Array(GRAMS);
  const cells: Cell[] = [{ literals: [], digit: false }];
  if (digits) {
    cells.push({ literals: [], digit: true });
    for (let digit = 0; digit < 10; digit += 1) eachGramEndingIn(String(digit), (gram) => (cellOf[gram] = 1));
  }
  for (const literal of literals.toSorted((a, b) => a.units.length - b.units.length)) {
    const widened = new Map<number, number>();
    const join = (gram: number): void => {
      const from = cellOf[gram] as number;
      let to = widened.get(from);
      if (to === undefined) {
        const { literals: others, digit } = cells[from] as Cell;
        to = cells.push({ literals: [...others, literal], digit }) - 1;
        widened.set(from, to);
      }
      cellOf[gram] = to;
    };
    if (literal.units.length < 3) eachGramEndingIn(literal.units, join);
    else join(rarestGram(literal.units).gram);
  }
  return { cellOf, cells };
}
