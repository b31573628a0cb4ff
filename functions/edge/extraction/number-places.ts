/** Digits with what separates them, and a sign if there is one; not the tail of a word, nor of a longer number. */
const NUMBER =
  /(?<![\p{L}\d_]|\d[.,])[-−+]?(?:\d{1,3}(?:[.,'’   ]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?|[.,]\d+)(?:[eE][+-]?\d{1,3})?(?![\d_])/gu;

/** Where a number stands in a text, by UTF-16 offsets. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

/**
 * The numbers of a text, and where each stands, in order: `1234.5`, `1,234.50`, `1.234,5`, `1 234,5`, `1'234.5`, `-3` and `−3` are
 * found as what they mean. What can be read in two ways, such as `1.234`, stands under both.
 */
export function numberPlaces(text: string): ReadonlyMap<number, Place[]> {
  const places = new Map<number, Place[]>();
  for (const { 0: written, index } of text.matchAll(NUMBER)) {
    const signless = written.replace(/^[-−+]/u, '');
    const start = index + written.length - signless.length;
    const end = index + written.length;
    for (const number of readings(signless)) {
      add(places, number, { start, end });
      // A hyphen may be a dash: the number behind it stands there without it too.
      if (written !== signless && !written.startsWith('+')) add(places, -number, { start: index, end });
    }
  }
  return places;
}

function add(places: Map<number, Place[]>, number: number, place: Place): void {
  const known = places.get(number);
  if (known) known.push(place);
  else places.set(number, [place]);
}

/** What a number may mean: its last point or comma begins the fraction, or all of them separate thousands. */
function readings(written: string): Set<number> {
  const last = Math.max(written.lastIndexOf('.'), written.lastIndexOf(','));
  const plain = (text: string) => text.replaceAll(/[.,'’\s]/gu, '');
  const fraction = last < 0 ? NaN : Number(`${plain(written.slice(0, last)) || '0'}.${written.slice(last + 1)}`);
  const isGrouped = /^\d{1,3}(?:([.,'’\s])\d{3})(?:\1\d{3})*$/u.test(written);
  const whole = last < 0 || isGrouped ? Number(plain(written)) : NaN;
  return new Set([fraction, whole].filter((number) => Number.isFinite(number)));
}
