import type { Detector } from '../../detector.ts';
import { isBase58Check } from '../../base58-check.ts';

const shared = { kind: 'WALLET', category: 'personal' } as const;

/** Addresses of Bitcoin and Ethereum: who knows one sees all that was ever paid to it. */
export const wallets: readonly Detector[] = [
  {
    ...shared,
    anchor: { digits: 1 },
    pattern: /(?<![\w/+=-])[13][1-9A-HJ-NP-Za-km-z]{25,33}(?![\w/+=])/y,
    validate: ([found]) => isBase58Check(found),
    longest: 37,
    example: '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2',
    source: 'Bitcoin, Base58Check',
  },
  {
    ...shared,
    anchor: { literals: ['bc1'], caseless: true },
    pattern: /(?<!\w)bc1[qp](?:[ac-hj-np-z02-9]{38}|[ac-hj-np-z02-9]{58})(?!\w)/iy,
    longest: 66,
    example: 'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq',
    source: 'BIP 173, BIP 350',
  },
  {
    ...shared,
    anchor: { literals: ['0x'] },
    pattern: /(?<!\w)0x(?!0{30})[\dA-Fa-f]{40}(?!\w)/y,
    longest: 45,
    example: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
    source: 'EIP-55',
  },
];
