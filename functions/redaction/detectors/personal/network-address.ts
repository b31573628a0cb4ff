import type { Detector } from '../../detector.ts';

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const VERSION = /(?:\bv|version|release|build|firmware|[~^<>=]=?)['":= ]{0,4}$/i;
// Loopback, this network, masks and multicast: they are nobody's.
const NOBODY = /^(?:0|127|169\.254\.169|2(?:2[4-9]|[3-5]\d))\./;

/**
 * Addresses of machines. Not the loopback, nor masks, nor networks (`10.0.0.0/8`), nor versions of four parts. Private ranges count: they tell how a
 * network is laid out.
 */
export const networkAddresses: readonly Detector[] = [
  {
    kind: 'IP_ADDRESS',
    category: 'personal',
    anchor: { digits: 4 },
    pattern: new RegExp(`(?<![\\w.-]|\\d[/:])(?:${OCTET}\\.){3}${OCTET}(?![\\w-]|\\.\\d|(?<=\\.0)/\\d)`, 'y'),
    validate: ({ 0: found, index, input }) =>
      !NOBODY.test(found) && !VERSION.test(input.slice(Math.max(0, index - 16), index)),
    longest: 40,
    example: '81.2.69.142',
    source: 'RFC 791',
  },
  {
    kind: 'IP_ADDRESS',
    category: 'personal',
    anchor: { literals: [':'], before: { of: '0-9A-Fa-f', atMost: 4 } },
    // Eight groups, or a beginning that is in use (RFC 4291: 2000::/3, fc00::/7, fe80::/10) and `::`.
    pattern:
      /(?<![\w:.])(?:(?:[\da-f]{1,4}:){7}[\da-f]{1,4}|(?:[23][\da-f]{3}|f[cd][\da-f]{2}|fe[89ab][\da-f])(?::[\da-f]{1,4}){0,6}::(?:[\da-f]{1,4}(?::[\da-f]{1,4}){0,5})?(?::\d{1,3}(?:\.\d{1,3}){3})?)(?![\w:]|\.\d|(?<=::)\/\d)/iy,
    // `::` stands for one group at least; the loopback is nobody's.
    validate: ([found]) =>
      found.split(':').filter(Boolean).length < (found.includes('::') ? 8 : 9) && !/^[0:]*1?$/.test(found),
    longest: 52,
    example: '2a02:6b8:bf00:0:a12:33ff:fe44:5566',
    source: 'RFC 4291, section 2.2',
  },
  {
    kind: 'MAC_ADDRESS',
    category: 'personal',
    anchor: { digits: 1, before: { of: 'A-Fa-f:.-', atMost: 16 } },
    pattern:
      /(?<![\w:.-])(?:[\da-f]{2}([:-])(?:[\da-f]{2}\1){4}[\da-f]{2}|[\da-f]{4}\.[\da-f]{4}\.[\da-f]{4})(?![\w:-]|\.\w)/iy,
    // All ones is everybody, all zeros nobody; letters alone are words, digits alone with dots are amounts.
    validate: ([found]) =>
      !/^(?:ff.?|00.?)+$/i.test(found) && (/[a-f]/i.test(found) ? /\d/.test(found) : found[4] !== '.'),
    longest: 20,
    example: '3c:22:fb:9a:41:d7',
    source: 'IEEE 802, EUI-48',
  },
];
