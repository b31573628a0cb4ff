import type { Detector } from '../../detector.ts';
import { ibanPattern, isIban } from '../../iban.ts';
import { isInUuid } from '../../uuid.ts';

/** Bank accounts: the country's length and the check digits. */
export const iban: Detector = {
  kind: 'IBAN',
  category: 'personal',
  anchor: { digits: 2, before: { of: 'A-Za-z', atMost: 2 } },
  pattern: new RegExp(`(?<![a-z\\d])(?:${ibanPattern})(?![a-z\\d])`, 'iy'),
  validate: (match) => isIban(match[0].replaceAll(/[ -]/g, '')) && !isInUuid(match),
  longest: 68,
  example: 'GB82 WEST 1234 5698 7654 32',
  source: 'ISO 13616; SWIFT’s IBAN registry',
};
