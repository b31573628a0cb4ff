/**
 * Calls back with each run of at least `atLeast` letters, digits, `_` and `-`. It looks where a run would have to end,
 * and walks back: the first other character tells how far ahead the next look may be (as Boyer and Moore search).
 */
export function eachRun(text: string, atLeast: number, found: (start: number, length: number) => void): void {
  for (let last = atLeast - 1, other = -1; last < text.length;) {
    let index = last;
    while (index > other && inRun(text.charCodeAt(index))) index -= 1;
    if (index > other) {
      other = index;
    } else {
      let end = last + 1;
      while (end < text.length && inRun(text.charCodeAt(end))) end += 1;
      found(other + 1, end - other - 1);
      other = end;
    }
    last = other + atLeast;
  }
}

function inRun(unit: number): boolean {
  return unit < 128 && IN_RUN[unit] === 1;
}

const IN_RUN = new Uint8Array(128);
for (let unit = 0; unit < 128; unit += 1) if (/[\w-]/.test(String.fromCharCode(unit))) IN_RUN[unit] = 1;
