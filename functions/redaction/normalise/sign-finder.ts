/** Finds the next place where an escape may begin: a backslash, a `%`, an `&` or one of some units beyond ASCII. */
export type SignFinder = (from: number) => number;

const ASCII_SIGNS = ['\\', '%', '&'];

/**
 * A finder for one text, asked from left to right; it gives the text's length where nothing is left. Text in ASCII,
 * which is most, is searched by the engine's own `indexOf`, many times faster than a loop over its units.
 *
 * @param beyond Which UTF-16 units beyond ASCII count: 1 in a table of 65,536.
 */
export function createSignFinder(text: string, beyond: () => Uint8Array): SignFinder {
  const next = ASCII_SIGNS.map((sign) => placeOf(text, sign, 0));
  const ascii = (from: number) => {
    let nearest = text.length;
    for (const [index, sign] of ASCII_SIGNS.entries()) {
      if ((next[index] as number) < from) next[index] = placeOf(text, sign, from);
      if ((next[index] as number) < nearest) nearest = next[index] as number;
    }
    return nearest;
  };
  if (Buffer.byteLength(text) === text.length) return ascii;
  const table = beyond();
  return (from) => {
    const end = ascii(from);
    let at = from;
    while (at < end && table[text.charCodeAt(at)] === 0) at += 1;
    return at;
  };
}

function placeOf(text: string, sign: string, from: number): number {
  const place = text.indexOf(sign, from);
  return place === -1 ? text.length : place;
}
