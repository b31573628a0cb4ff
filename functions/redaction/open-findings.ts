import type { Detector } from './detector.ts';
import { Probe } from './probe.ts';

/** What may begin with one character: findings that are masked whole, and those of which a part is (`password = …`). */
interface Probes {
  readonly whole: readonly Probe[];
  readonly parts: readonly Probe[];
}

/** Where a finding has begun of which only a part will be masked. */
interface Part {
  start: number;
  readonly probe: Probe;
  /** Where that part begins; at or behind the end of the text: it has not begun. */
  from: number;
}

/**
 * Knows where in a growing text the first finding begins that more of the text may still make, or unmake. Each place is looked
 * at with the detectors whose matches may begin so, until none of them can any more; never again then.
 */
export class OpenFindings {
  readonly #probesAt: (unit: number) => Probes;
  /** All places before are settled, but for `#parts`. */
  #next = 0;
  #parts: Part[] = [];

  constructor(set: readonly Detector[]) {
    this.#probesAt = probesOf(set);
  }

  /** Nothing before this place is looked at again. */
  get earliest(): number {
    return this.#parts.reduce((earliest, { start }) => Math.min(earliest, start), this.#next);
  }

  /** @param text the text so far @returns its length, where nothing is open */
  firstIn(text: string): number {
    this.#parts = this.#parts.filter((part) => {
      const from = openFrom(text, part.start, part.probe);
      if (from !== undefined) part.from = from;
      return from !== undefined;
    });
    while (this.#next < text.length && this.#settle(text, this.#next)) this.#next += 1;
    return this.#parts.reduce((first, { start, from }) => Math.min(first, wordAt(text, from, start)), this.#next);
  }

  /** The text has lost its first `units`. */
  shift(units: number): void {
    this.#next -= units;
    for (const part of this.#parts) {
      part.start -= units;
      part.from -= units;
    }
  }

  /** Whether no finding that is masked whole is open at `start`. */
  #settle(text: string, start: number): boolean {
    const { whole, parts } = this.#probesAt(text.charCodeAt(start));
    if (whole.some((probe) => openFrom(text, start, probe) !== undefined)) return false;
    for (const probe of parts) {
      const from = openFrom(text, start, probe);
      if (from !== undefined) this.#parts.push({ start, probe, from });
    }
    return true;
  }
}

/** Where that begins which will be masked of a finding that is open at `start`; undefined: none is. */
function openFrom(text: string, start: number, probe: Probe): number | undefined {
  if (text.length - start > probe.longest || !probe.mayBegin(text, start)) return undefined;
  const { pattern } = probe;
  pattern.lastIndex = start;
  const found = pattern.exec(text);
  if (found === null) return undefined;
  return probe.isPart ? (found.indices?.groups?.['secret']?.[0] ?? text.length) : start;
}

/** The quotes before a secret may turn out to be a part of it. */
function wordAt(text: string, from: number, floor: number): number {
  let start = Math.min(from, text.length);
  if (start === text.length) return start;
  while (start > floor && text.charCodeAt(start - 1) > SPACE) start -= 1;
  return start;
}

const SPACE = 32;

const known = new WeakMap<readonly Detector[], (unit: number) => Probes>();

/** Which detectors' matches may begin with a character: found out at the first text that holds it. */
function probesOf(set: readonly Detector[]): (unit: number) => Probes {
  let probesAt = known.get(set);
  if (probesAt === undefined) known.set(set, (probesAt = createProbes(set)));
  return probesAt;
}

function createProbes(set: readonly Detector[]): (unit: number) => Probes {
  const probes = set.map((detector) => new Probe(detector));
  const ofUnit = new Map<number, Probes>();
  return (unit) => {
    let found = ofUnit.get(unit);
    if (found === undefined) {
      const possible = probes.filter((probe) => probe.beginsWith(String.fromCharCode(unit)));
      found = { whole: possible.filter(({ isPart }) => !isPart), parts: possible.filter(({ isPart }) => isPart) };
      ofUnit.set(unit, found);
    }
    return found;
  };
}
