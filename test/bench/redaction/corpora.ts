import { corpus } from '#test/support/corpus.ts';

/** A text of a corpus, and what in it is to be found; null: nothing is. */
export interface Labelled {
  readonly rule: string;
  readonly text: string;
  readonly secret: string | null;
}

/** A corpus whose secrets count for recall. */
export interface SecretCorpus {
  readonly name: string;
  readonly records: readonly Labelled[];
  /** In percent, of issue 6. */
  readonly floor: number;
}

/**
 * Rules of secretlint that test its machinery with words such as SECRET and with patterns of the user's, or report what is no
 * secret (where home folders are, files named .env): nothing general could find those, and they count apart.
 */
const notAboutSecrets = /secretlint-rule-(?:example|filter-comments|pattern|no-homedir|no-dotenv)\//;

/** The kinds of personal data that have a structure; names and addresses have none (issue 6, D3). */
const structured: readonly string[] = 'EMAIL_ADDRESS PHONE_NUMBER CREDIT_CARD IBAN_CODE US_SSN IP_ADDRESS'.split(' ');

/** The corpora with something to find in them. */
export function secretCorpora(): SecretCorpus[] {
  const secretlint = corpus<Labelled>('secretlint');
  const presidio = corpus<Labelled>('presidio-research').filter(({ rule }) => structured.includes(rule));
  return [
    { name: 'secretlint', floor: 95, records: secretlint.filter(({ rule }) => !notAboutSecrets.test(rule)) },
    {
      name: 'secretlint, its machinery',
      floor: 0,
      records: secretlint.filter(({ rule }) => notAboutSecrets.test(rule)),
    },
    { name: 'gitleaks', floor: 97, records: corpus<Labelled>('gitleaks') },
    { name: 'presidio-research', floor: 90, records: presidio },
  ];
}

/** The corpora with nothing to find in them. */
export function benignCorpora(): { readonly name: string; readonly texts: readonly string[] }[] {
  const texts = (name: string, rule: string) =>
    corpus<Labelled>(name).flatMap((record) => (record.rule === rule ? [record.text] : []));
  return [
    { name: 'prose', texts: texts('benign', 'prose') },
    { name: 'code', texts: texts('benign', 'code') },
    { name: 'naughty strings', texts: corpus<Labelled>('naughty-strings').map(({ text }) => text) },
  ];
}
