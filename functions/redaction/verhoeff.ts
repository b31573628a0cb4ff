const permuted = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];

/** Whether a string of digits ends with its Verhoeff check digit (J. Verhoeff, Error Detecting Decimal Codes, 1969). */
export function verhoeff(digits: string): boolean {
  let check = 0;
  for (let place = 0; place < digits.length; place += 1) {
    let digit = digits.charCodeAt(digits.length - 1 - place) - 48;
    for (let turn = place % 8; turn > 0; turn -= 1) digit = permuted[digit] ?? 0;
    check = dihedral(check, digit);
  }
  return check === 0;
}

/** Multiplication in the dihedral group of the pentagon: 0–4 turn it, 5–9 turn it over. */
function dihedral(a: number, b: number): number {
  const turned = a < 5 ? (a + b) % 5 : (a - b + 10) % 5;
  return a < 5 === b < 5 ? turned : turned + 5;
}
