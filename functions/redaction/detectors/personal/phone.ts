import { isInternational } from '../../calling-codes.ts';
import type { Detector } from '../../detector.ts';
import { isInUuid } from '../../uuid.ts';
import { LOOK_BACK, phoneContext } from './phone-context.ts';

// Between two groups: spaces, dots, dashes, slashes, brackets.
const GAP = '[ ()./\\u00a0-]';
const EXTENSION =
  '(?:[ ,;]{0,2}(?:x|#|;ext=|ext(?:ension|\\.)?|int\\.?|anexo|ramal|poste|доб\\.?)[ :.=]{0,2}\\d{1,7})?';
const withoutExtension = (found: string) => found.replace(/[ ,;]*[#a-zа-я].*/iu, '');
const digitsOf = (text: string) => text.replaceAll(/\D/g, '');
const LONGEST = 64 + LOOK_BACK;
const shared = {
  kind: 'PHONE',
  category: 'personal',
  longest: LONGEST,
  source: 'ITU-T E.164, E.123; libphonenumber (Apache-2.0)',
} as const;

/**
 * Telephone numbers. With a country code they are known by it; national ones by their shape (North American 3-3-4, a
 * trunk 0 and groups, an area code in brackets) or by a word beside them; bare digits by such a word only.
 */
export const phones: readonly Detector[] = [
  {
    ...shared,
    anchor: { digits: 6, before: { of: '+(', atMost: 2 } },
    pattern: new RegExp(
      '(?:(?<![\\w+])\\(?\\+|(?<![\\w.,+/#$-])(?:00|011)[ -]?(?=[1-9]))' +
        `\\d(?:${GAP}{0,2}\\d){5,14}${EXTENSION}(?!\\w)`,
      'iy',
    ),
    validate: isAbroad,
    example: '+44 20 7946 0958',
  },
  {
    ...shared,
    anchor: { digits: 7, before: { of: '(', atMost: 1 } },
    pattern: new RegExp(
      '(?<![\\w.+/#$€£%@-]|\\d[ (),-]{1,2})(?:' +
        '(?:1[ .-]?)?(?:\\([2-9]\\d\\d\\)[ -]?\\d{3}[ .-]|[2-9]\\d\\d([.-])\\d{3}\\1)\\d{4}|' +
        '1[389]00[ -]\\d{3}[ -]\\d{3,4}|8[ -]?\\(\\d{3}\\)[ -]?\\d{3}(?:[ -]\\d\\d){2}|' +
        '[1-9]\\d\\d[ -]\\d{4}[ -]\\d{4}|[1-9]\\d(?:\\d \\d\\d| \\d{3})(?: \\d\\d){2}|[6-9]\\d{4} \\d{5}|' +
        '(?:0[1-9]\\d{0,4}[ /.-]|\\(0[1-9]\\d{0,4}\\)[ -]?)\\d{2,8}(?:[ .-]\\d{2,5}){0,4}|' +
        '\\((?!(?:19|20)\\d\\d\\))\\d{1,5}\\)[ -]?\\d{2,5}(?:[ -]\\d{2,5}){1,3}' +
        `)${EXTENSION}(?![\\w:%]|[.,/-]\\d)`,
      'iy',
    ),
    validate: ([found]) => isShaped(found),
    example: '(020) 7946 0958',
  },
  {
    ...shared,
    anchor: { digits: 5, before: { of: '(', atMost: 1 } },
    pattern: new RegExp(
      `(?<![\\w+/#$€£%@.-]|\\d[ (),-]{1,2})\\(?\\d(?:${GAP}{0,2}\\d){4,14}${EXTENSION}(?![\\w:%]|[.,]\\d)`,
      'iy',
    ),
    validate: isNational,
    example: 'phone: 699 956 915',
  },
];

const DATE =
  /(?<!\d)(?:(?:19|20)\d\d([./-])[01]?\d\1[0-3]?\d|(?:19|20)\d\d[01]\d[0-3]\d|[0-3]?\d([./-])[0-3]?\d\2(?:19|20)\d\d)(?!\d)/;

/** Groups, or a word beside it, say enough of a number whose length is unusual. */
function isAbroad(match: RegExpExecArray): boolean {
  const { 0: whole, index, input } = match;
  if (isInUuid(match)) return false;
  const found = withoutExtension(whole);
  const clear = /\d\D+\d/.test(found) || phoneContext(input, index, index + whole.length) === 'label';
  const digits = digitsOf(found.replaceAll('(0)', '').replace(/^0(?:0|11)/, ''));
  // Not a date that a patch adds: `+20261122`.
  return (clear || !DATE.test(found)) && isInternational(digits, clear);
}

function isShaped(found: string): boolean {
  const count = digitsOf(withoutExtension(found)).length;
  return count >= (found.startsWith('(') ? 7 : 9) && count <= 12 && !DATE.test(found);
}

// A text that is nothing else: groups, but neither thousands nor amounts nor years; or a trunk 0 and a usual length.
const ALONE =
  /^(?!\d(?: \d{3})+$|\d{1,3}(?: \d{3})*[.,]\d\d$|(?:19|20)\d\d[ -](?:19|20)?\d\d$)(?:(?=(?:\D*\d){6})(?=.*[ )])[\d ()-]+(?:\D*\d{1,7})?|[2-9]\d{2,3}-\d{4}|0[1-9]\d{8,9})$/;

function isNational(match: RegExpExecArray): boolean {
  const [found] = match;
  if (DATE.test(found) || /^\(?\d{1,3}(?:\.\d{1,3}){3}(?!\d)/.test(found)) return false;
  if (match.input.length <= found.length + 2 && match.input.trim() === found) return ALONE.test(found);
  const context = phoneContext(match.input, match.index, match.index + found.length);
  const count = digitsOf(found).length;
  return context === 'label' || (context === 'hint' && /\d{2}[^\d]+\d{2}/.test(found) && count >= 7 && count <= 12);
}
