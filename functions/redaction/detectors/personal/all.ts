import type { Detector } from '../../detector.ts';
import { card } from './card.ts';
import { emails } from './email.ts';
import { homeDirectory } from './home-directory.ts';
import { iban } from './iban.ts';
import { labelledIds } from './labelled-id.ts';
import { nationalIds } from './national-id.ts';
import { networkAddresses } from './network-address.ts';
import { phones } from './phone.ts';
import { socialSecurity } from './social-security.ts';
import { wallets } from './wallet.ts';

/** Detectors of personal data. Where two say the same of one place, the first has it. */
export const personalDetectors: readonly Detector[] = [
  ...emails,
  card,
  iban,
  socialSecurity,
  ...labelledIds,
  ...nationalIds,
  ...networkAddresses,
  ...wallets,
  homeDirectory,
  ...phones,
];
