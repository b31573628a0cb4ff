import type { Detector } from '../../detector.ts';
import { luhn } from '../../luhn.ts';
import { cpf, hetu, nif, nir, nric, rijksregister } from '../../national-checks.ts';
import { verhoeff } from '../../verhoeff.ts';
import { weightedSum } from '../../weighted-sum.ts';

/** How a country writes a number, and whether a number without spaces, dots, dashes and slashes is right. */
type Format = readonly [shape: string, check?: (id: string) => boolean];

const DAY = '(?:0[1-9]|[12]\\d|3[01])';
const MONTH = '(?:0[1-9]|1[0-2])';

const lettersFirst: readonly Format[] = [
  // United Kingdom: national insurance number.
  ['(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\\d\\d ?\\d\\d ?\\d\\d ?[A-D]'],
  // Spain: NIE.
  ['[XYZ][ -]?\\d{7}[ -]?[A-Z]', nif],
  // Italy: codice fiscale.
  ['[A-Z]{6}\\d\\d[A-EHLMPR-T][0-7]\\d[A-Z]\\d{3}[A-Z]'],
  // India: PAN.
  ['[A-Z]{3}[ABCFGHJLPT][A-Z]\\d{4}[A-Z]'],
  // Singapore: NRIC and FIN.
  ['[STFGM]\\d{7}[A-Z]', nric],
  // Mexico: CURP.
  ['[A-Z][AEIOUX][A-Z]{2}\\d{6}[HMX][A-Z]{5}[A-Z\\d]\\d'],
];

const digitsFirst: readonly Format[] = [
  // Spain: DNI.
  ['\\d{8}[ -]?[A-Z]', nif],
  // France: NIR.
  ['[1-478] ?\\d\\d ?(?:0[1-9]|1[0-2]|[2-9]\\d) ?\\d[\\dAB] ?\\d{3} ?\\d{3} ?\\d\\d', nir],
  // Brazil: CPF.
  ['\\d{3}\\.\\d{3}\\.\\d{3}-\\d\\d', cpf],
  // India: Aadhaar.
  ['[2-9]\\d{3}(?<a>[ -])\\d{4}\\k<a>\\d{4}(?! \\d)', verhoeff],
  // Finland: henkilötunnus.
  [`${DAY}${MONTH}\\d\\d[-+A-FU-Y]\\d{3}[\\dA-FHJ-NPR-Y]`, hetu],
  // Sweden: personnummer.
  [`(?:19|20)?\\d\\d${MONTH}${DAY}[-+]\\d{4}`, (id) => luhn(id.replace('+', '').slice(-10))],
  // Denmark: CPR, which has had no check digit since 2007.
  [`${DAY}${MONTH}\\d\\d-\\d{4}`],
  // South Korea: resident registration number, without one since 2020.
  [`\\d\\d${MONTH}${DAY}-[1-8]\\d{6}`],
  // Switzerland: AHV.
  ['756\\.\\d{4}\\.\\d{4}\\.\\d\\d', (id) => weightedSum(id, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 === 0],
  // Belgium: rijksregisternummer.
  ['\\d\\d\\.[0-5]\\d\\.[0-3]\\d-\\d{3}\\.\\d\\d', rijksregister],
  // Canada: SIN.
  ['[1-79]\\d\\d(?<c>[ -])\\d{3}\\k<c>\\d{3}(?! \\d)', luhn],
];

/** Numbers that a country gives each of its people, where shape and check digit say enough. The rest: labelled-id.ts. */
export const nationalIds: readonly Detector[] = [
  {
    ...nationalId(lettersFirst),
    anchor: { digits: 2, before: { of: 'A-Z -', atMost: 6 } },
    example: 'AB 12 34 56 C',
  },
  {
    ...nationalId(digitsFirst),
    anchor: { digits: 6 },
    example: '529.982.247-25',
  },
];

function nationalId(formats: readonly Format[]) {
  const wholes = formats.map(([shape, check]) => [new RegExp(`^(?:${shape})$`), check] as const);
  return {
    kind: 'NATIONAL_ID',
    category: 'personal',
    pattern: new RegExp(`(?<![\\w.+#$/-]|\\d )(?:${formats.map(([shape]) => shape).join('|')})(?![\\w-]|\\.\\d)`, 'y'),
    // Two countries may write alike: one of them must find it right.
    validate: ([found]: RegExpExecArray) =>
      wholes.some(([whole, check]) => whole.test(found) && (check?.(found.replaceAll(/[ ./-]/g, '')) ?? true)),
    longest: 32,
    source: 'OECD, tax identification numbers by country; each country’s own register',
  } as const;
}
