import type { Detector, Reach } from './detector.ts';

/** What a detector matched: the part to mask, by UTF-16 offsets, end exclusive. */
export interface Match {
  readonly detector: Detector;
  readonly start: number;
  readonly end: number;
}

/** Tries one detector at the places of its anchors and appends what it matches. */
export type Trial = (text: string, places: number[], matches: Match[]) => void;

/**
 * The trials of one detector. From each anchor it walks back as far as the anchor says and tries every start up to it;
 * no start is tried twice and none within the last match, which is what a plain global regex does, too.
 */
export function createTrial(detector: Detector): Trial {
  const { anchor } = detector;
  const reach = anchor.before && createReach(anchor.before);
  const whole = anchor.before?.whole === true;
  return (text, places, matches) => {
    const { pattern } = detector;
    let next = 0;
    for (const place of inOrder(places)) {
      if (place < next) continue;
      let start = reach === undefined ? place : Math.max(next, reach(text, place));
      for (; start <= place; start += 1) {
        pattern.lastIndex = start;
        const found = pattern.exec(text);
        if (found !== null && (detector.validate === undefined || detector.validate(found))) {
          matches.push(matchOf(detector, found));
          next = Math.max(start + found[0].length, start + 1);
          break;
        }
        next = start + 1;
        if (whole) break;
      }
    }
  };
}

/** Places come in order but where two literals of one detector lie within each other. */
function inOrder(places: number[]): number[] {
  for (let index = 1; index < places.length; index += 1) {
    if ((places[index] as number) < (places[index - 1] as number)) return places.sort((a, b) => a - b);
  }
  return places;
}

/** The part of a match that is to be masked: the group `secret` where there is one. */
export function matchOf(detector: Detector, found: RegExpExecArray): Match {
  const secret = found.groups?.['secret'];
  if (secret === undefined) return { detector, start: found.index, end: found.index + found[0].length };
  // Only a match asks where its group lies: the flag `d` makes every trial dearer.
  const [start, end] = indicesOf(detector.pattern, found);
  return { detector, start, end };
}

const withIndices = new WeakMap<RegExp, RegExp>();

function indicesOf(pattern: RegExp, found: RegExpExecArray): [number, number] {
  let indexed = withIndices.get(pattern);
  if (indexed === undefined) {
    indexed = new RegExp(pattern.source, `${pattern.flags.replace(/[gy]/g, '')}dy`);
    withIndices.set(pattern, indexed);
  }
  indexed.lastIndex = found.index;
  const place = indexed.exec(found.input)?.indices?.groups?.['secret'];
  return place ?? [found.index, found.index + found[0].length];
}

/** How far back from an anchor a match may begin. */
function createReach({ of, atMost }: Reach): (text: string, place: number) => number {
  const inside = new RegExp(`^[${of}]$`);
  const known = new Uint8Array(256);
  for (let unit = 0; unit < known.length; unit += 1) known[unit] = inside.test(String.fromCharCode(unit)) ? 1 : 0;
  return (text, place) => {
    const floor = Math.max(0, place - atMost);
    let start = place;
    while (start > floor) {
      const unit = text.charCodeAt(start - 1);
      if (unit < 256 ? known[unit] === 0 : !inside.test(String.fromCharCode(unit))) break;
      start -= 1;
    }
    return start;
  };
}
