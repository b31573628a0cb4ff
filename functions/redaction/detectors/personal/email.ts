import type { Detector } from '../../detector.ts';

// Letters beyond ASCII that are written with spaces between words (Latin, Greek, Cyrillic, Arabic, Devanagari …): a
// Chinese or Japanese sentence runs on into the address, so that their letters count only where the domain has them.
const LETTERS = 'a-z\\d\\u00c0-\\u024f\\u0370-\\u1fff';
const HAN = '\\u3040-\\ud7af';
const domain = (letters: string, last: string) =>
  `[${letters}][${letters}.-]{0,120}\\.(?:[${last}]{2,24}|xn--[a-z\\d-]{2,24})`;
const DOMAIN = domain(LETTERS, LETTERS.replace('\\d', ''));
const shared = {
  kind: 'EMAIL',
  category: 'personal',
  longest: 230,
  source: 'RFC 5322, section 3.4.1; RFC 6531',
} as const;

/**
 * E-mail addresses, with sub-addresses, names beyond ASCII, quoted names and IP literals. Not `icon@2x.png`, and not
 * `git@host:path`, which names a repository and nobody.
 */
export const emails: readonly Detector[] = [
  {
    ...shared,
    anchor: { literals: ['@'], before: { of: `A-Za-z0-9.!#$%&'*+/=?^_\`{|}~\\u00c0-\\u1fff${HAN}-`, atMost: 64 } },
    pattern: new RegExp(
      `(?<![${LETTERS}_])[${LETTERS}_][${LETTERS}._%+'-]{0,63}@(?!\\dx\\.)` +
        `(?:${DOMAIN}(?![a-z\\d@])|\\[(?:ipv6:[\\da-f:.]{2,45}|\\d{1,3}(?:\\.\\d{1,3}){3})\\])|` +
        `[\\w${HAN}][\\w.${HAN}-]{0,63}@${domain(`\\w${HAN}`, HAN)}`,
      'iy',
    ),
    validate: ([found]) => !/^(?:git|hg)@/i.test(found),
    example: 'ada.lovelace+news@mail.example.co.uk',
  },
  {
    ...shared,
    anchor: { literals: ['"@'], before: { of: '\\x20-\\x7e', atMost: 66 } },
    pattern: new RegExp(`"[^"\\\\\\n]{1,64}"@${DOMAIN}`, 'iy'),
    example: '"ada lovelace"@example.org',
  },
];
