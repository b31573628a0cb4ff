/** Country calling codes in use, as ITU-T E.164 assigns them and libphonenumber (2026) knows them. */
const ASSIGNED =
  /^(?:1|7|2(?:[07]|1[1-368]|[2346]\d|5[0-8]|9[01789])|3(?:[0-469]|5\d|7[0-8]|8[0-35-79])|4(?:[013-9]|2[013])|5(?:[1-8]|0\d|9\d)|6(?:[0-6]|7[02-9]|8[0-35-9]|9[0-2])|8(?:[1246]|0[08]|5[02356]|7[08]|8[0-368])|9(?:[0-58]|6[0-8]|7[0-79]|9[2-68]))/;

/**
 * Whether a string of digits may be a telephone number with its country's calling code. Lengths by country would say it
 * more closely, but in 1 KB; the North American and the Russian plan, with one length each, are told apart.
 *
 * @param clear Groups or a word beside it tell what it is: then its length matters less, and the end may be another's.
 */
export function isInternational(digits: string, clear: boolean): boolean {
  const code = ASSIGNED.exec(digits)?.[0];
  const { length } = digits;
  if (code === undefined || length > 15) return false;
  if (code === '1') return digits.charCodeAt(1) > 49 && (clear ? length > 10 : length === 11);
  return clear ? length > 6 : code === '7' ? length === 11 : length > 7;
}
