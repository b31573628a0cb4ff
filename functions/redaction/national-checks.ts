import { weightedSum } from './weighted-sum.ts';

/** Spain's DNI and NIE: the letter is the number modulo 23; X, Y, Z stand for 0, 1, 2. */
export function nif(id: string): boolean {
  const number = Number(id.slice(0, -1).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter))));
  return id.endsWith('TRWAGMYFPDXBNJZSQVHLCKE'.charAt(number % 23));
}

/** France's NIR: two check digits, 97 less the number modulo 97; Corsica's 2A and 2B count as 19 and 18. */
export function nir(id: string): boolean {
  const digits = id.replace(/^(.{5})2A/, '$119').replace(/^(.{5})2B/, '$118');
  return /^\d{15}$/.test(digits) && 97n - (BigInt(digits.slice(0, 13)) % 97n) === BigInt(digits.slice(13));
}

/** Brazil's CPF: two check digits, each the weighted sum of all before it, modulo 11. */
export function cpf(id: string): boolean {
  const check = (weights: readonly number[]) => String(((weightedSum(id, weights) * 10) % 11) % 10);
  const weights = [10, 9, 8, 7, 6, 5, 4, 3, 2];
  return !/^(\d)\1+$/.test(id) && id.endsWith(check(weights) + check([11, ...weights]));
}

/** Singapore's NRIC and FIN. */
export function nric(id: string): boolean {
  const series = id.charAt(0);
  const rest = (weightedSum(id.slice(1), [2, 7, 6, 5, 4, 3, 2]) + ({ T: 4, G: 4, M: 3 }[series] ?? 0)) % 11;
  const letters = /[ST]/.test(series) ? 'JZIHGFEDCBA' : series === 'M' ? 'XWUTRQPNJLK' : 'XWUTRQPNMLK';
  return id.endsWith(letters.charAt(rest));
}

/** Finland's personal identity code: birth date and serial modulo 31. The sign of the century may be gone already. */
export function hetu(id: string): boolean {
  const number = Number(id.slice(0, 6) + id.slice(-4, -1));
  return id.endsWith('0123456789ABCDEFHJKLMNPRSTUVWXY'.charAt(number % 31));
}

/** Belgium's: 97 less the first nine digits modulo 97, with a 2 before them for who was born after 1999. */
export function rijksregister(id: string): boolean {
  return ['', '2'].some((century) => 97 - (Number(century + id.slice(0, 9)) % 97) === Number(id.slice(9)));
}
